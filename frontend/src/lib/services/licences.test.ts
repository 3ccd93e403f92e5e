import { describe, expect, it, vi } from 'vitest';
import { packageFolder, packagesOf } from '../../../scripts/licences.js';
import { findLicences, pagesLicences, safeHomePage, type Licence } from './licences';

const one = (name: string, licence: string | null): Licence => ({
  name,
  version: '1',
  licence,
  home_page: null
});

describe('findLicences', () => {
  const all = [one('svelte', 'MIT'), one('geist', 'OFL-1.1'), one('odd', null)];
  it('looks at names and licences', () => {
    expect(findLicences(all, ' ofl ').map(({ name }) => name)).toEqual(['geist']);
    expect(findLicences(all, 'SVE').map(({ name }) => name)).toEqual(['svelte']);
    expect(findLicences(all, '')).toHaveLength(3);
  });
});

it('links to web addresses alone', () => {
  expect(safeHomePage('https://svelte.dev')).toBe('https://svelte.dev');
  expect(safeHomePage('javascript:alert(1)')).toBeNull();
  expect(safeHomePage(null)).toBeNull();
});

describe('pagesLicences', () => {
  it('says what became of it', async () => {
    vi.stubGlobal('fetch', async () => new Response('', { status: 404 }));
    await expect(pagesLicences()).rejects.toMatchObject({ status: 404 });
    vi.stubGlobal('fetch', async () => Response.json([one('svelte', 'MIT'), 'else']));
    await expect(pagesLicences()).resolves.toEqual([one('svelte', 'MIT')]);
    vi.unstubAllGlobals();
  });
});

describe('what is bundled', () => {
  it('finds the package of a module', () => {
    expect(packageFolder('/x/node_modules/svelte/src/index.js')).toBe('/x/node_modules/svelte');
    expect(packageFolder('\0/x/node_modules/@a/b/c.js?commonjs')).toBe('/x/node_modules/@a/b');
    expect(packageFolder('/x/node_modules/a/node_modules/b/c.js')).toBe('/x/node_modules/a/node_modules/b');
    expect(packageFolder('/x/src/app.css')).toBeNull();
  });
  it('has what is rendered and what lies beside it, once each', () => {
    const root = process.cwd();
    const bundle = {
      'a.js': {
        type: 'chunk',
        modules: {
          [`${root}/node_modules/svelte/src/a.js`]: { renderedLength: 9 },
          [`${root}/node_modules/svelte/src/b.js`]: { renderedLength: 9 },
          [`${root}/node_modules/vitest/index.js`]: { renderedLength: 0 },
          [`${root}/src/own.js`]: { renderedLength: 9 }
        }
      },
      'f.woff2': {
        type: 'asset',
        originalFileNames: ['node_modules/@fontsource-variable/geist/files/geist-latin-wght-normal.woff2']
      }
    };
    const found = packagesOf(bundle, root);
    expect(found.map(({ name }) => name)).toEqual(['@fontsource-variable/geist', 'svelte', 'tailwindcss']);
    expect(found[0]?.licence).toBe('OFL-1.1');
    expect(found[1]?.text).toContain('Permission is hereby granted');
  });
});
