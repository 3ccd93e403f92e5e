import svelte from 'eslint-plugin-svelte';
import ts from 'typescript-eslint';
import config from './svelte.config.js';

export default ts.config(
  { ignores: ['.svelte-kit/', 'node_modules/', 'src/lib/api/*.d.ts', 'test-results/', 'playwright-report/'] },
  ...ts.configs.strict,
  ...svelte.configs.recommended,
  {
    files: ['**/*.svelte', '**/*.svelte.ts'],
    languageOptions: {
      parserOptions: { parser: ts.parser, extraFileExtensions: ['.svelte'], svelteConfig: config }
    }
  },
  {
    rules: {
      '@typescript-eslint/no-non-null-assertion': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
      // Addresses are made by `href()` in lib/paths.ts, which knows where the pages lie.
      'svelte/no-navigation-without-resolve': 'off',
      '@typescript-eslint/no-invalid-void-type': 'off',
      // A store's own book-keeping need not be reactive, and often must not be.
      'svelte/prefer-svelte-reactivity': 'off'
    }
  },
  // The one way for text of strangers into a page is lib/services/sanitize.ts.
  { files: ['**/*.svelte'], rules: { 'svelte/no-at-html-tags': 'error' } }
);
