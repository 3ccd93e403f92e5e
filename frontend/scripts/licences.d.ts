import type { Plugin } from 'vite';

interface Package {
  name: string;
  version: string;
  licence: string | null;
  home_page: string | null;
  text: string | null;
}

export const FILE: string;
export function packageFolder(id: string): string | null;
export function readPackage(folder: string): Package | null;
export function packagesOf(bundle: object, root: string): Package[];
export function licences(): Plugin;
