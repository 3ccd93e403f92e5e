import adapter from '@sveltejs/adapter-static';

/** The manager serves what is built; it is a part of the Python package. */
const BUILT = '../backend/mlx_manager/web_ui/static';

/** @type {import('@sveltejs/kit').Config} */
export default {
  compilerOptions: { runes: true },
  kit: {
    adapter: adapter({ pages: BUILT, assets: BUILT, precompress: true }),
    // Pages find everything beside themselves, so that a proxy may show them under any path.
    paths: { relative: true },
    // The manager says in a header what a page may load; see mlx_manager/web_ui/policy.py.
    output: { bundleStrategy: 'split' },
    version: { pollInterval: 0 },
    prerender: { handleHttpError: 'fail' }
  }
};
