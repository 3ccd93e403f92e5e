/**
 * A plugin of Vite's: writes beside the pages which packages are in them, with their licences, from what
 * was really bundled. See `src/lib/services/licences.ts`.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export const FILE = '_app/licences.json';

/** Its base styles are in every style sheet, as text of no module of its own. */
const ALSO = ['tailwindcss'];
const MODULES = '/node_modules/';

/** The folder of the package that a module or asset is of; null for our own. */
export function packageFolder(id) {
  // Plugins mark modules of their own with a null character, and add queries.
  const path = id.replace(/^\0/, '').split('?')[0].replaceAll('\\', '/');
  const at = path.lastIndexOf(MODULES);
  if (at === -1) return null;
  const [first, second] = path.slice(at + MODULES.length).split('/');
  const name = first.startsWith('@') ? `${first}/${second}` : first;
  return path.slice(0, at + MODULES.length) + name;
}

/** What a package says of itself; null where the folder is none. */
export function readPackage(folder) {
  const file = join(folder, 'package.json');
  if (!existsSync(file)) return null;
  const { name, version, license, homepage, repository } = JSON.parse(readFileSync(file, 'utf8'));
  if (!name || !version) return null;
  const source = typeof repository === 'string' ? repository : repository?.url;
  const text = licenceText(folder);
  return {
    name,
    version,
    licence: (typeof license === 'string' ? license : license?.type) ?? named(text),
    home_page: homepage ?? webAddress(source) ?? null,
    text
  };
}

/** Some packages say it in the text alone. */
function named(text) {
  return text !== null && /^\s*(the )?mit license\b/i.test(text) ? 'MIT' : null;
}

function webAddress(source) {
  const address = source?.replace(/^git\+/, '').replace(/\.git$/, '');
  return address?.startsWith('https://') ? address : undefined;
}

function licenceText(folder) {
  const named = readdirSync(folder).find((name) => /^(licen[cs]e|copying)(\.|-|$)/i.test(name));
  return named === undefined ? null : readFileSync(join(folder, named), 'utf8').trim();
}

/** Everything that a bundle holds of others, by name. */
export function packagesOf(bundle, root) {
  const folders = new Set(ALSO.map((name) => join(root, 'node_modules', name)));
  for (const output of Object.values(bundle)) {
    const ids =
      output.type === 'chunk'
        ? Object.entries(output.modules)
            .filter(([id, { renderedLength }]) => renderedLength > 0 || /\.css(\?|$)/.test(id))
            .map(([id]) => id)
        : output.originalFileNames.map((name) => join(root, name));
    for (const id of ids) {
      const folder = packageFolder(id);
      if (folder !== null) folders.add(folder);
    }
  }
  const found = [...folders].map(readPackage).filter((one) => one !== null);
  return found.sort((one, other) => one.name.localeCompare(other.name));
}

export function licences() {
  let root = '';
  let isForBrowser = false;
  return {
    name: 'licences',
    apply: 'build',
    configResolved(config) {
      root = config.root;
      isForBrowser = !config.build.ssr;
    },
    generateBundle: {
      order: 'post',
      handler(_options, bundle) {
        if (!isForBrowser) return;
        this.emitFile({ type: 'asset', fileName: FILE, source: JSON.stringify(packagesOf(bundle, root)) });
      }
    }
  };
}
