import { svelteTesting } from '@testing-library/svelte/vite';
import tailwindcss from '@tailwindcss/vite';
import { sveltekit } from '@sveltejs/kit/vite';
import { defineConfig } from 'vitest/config';
import { licences } from './scripts/licences.js';

/** Where a manager runs that `npm run dev` asks. */
const MANAGER = process.env.MLX_MANAGER_URL ?? 'http://127.0.0.1:8080';

export default defineConfig({
  plugins: [tailwindcss(), sveltekit(), svelteTesting(), licences()],
  build: { target: 'es2022', reportCompressedSize: false },
  server: {
    proxy: Object.fromEntries(
      ['/api', '/v1', '/admin', '/health', '/openapi.json'].map((path) => [path, MANAGER])
    )
  },
  test: {
    environment: 'jsdom',
    include: ['src/**/*.test.ts', 'tests/**/*.test.ts'],
    setupFiles: ['tests/setup.ts'],
    restoreMocks: true,
    // One page for all of a process's files: making a document takes longer than the tests.
    isolate: false
  }
});
