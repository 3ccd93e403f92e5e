/** Static pages that the manager serves; all they show they ask for in the browser. */
export const ssr = false;
export const prerender = true;
export const trailingSlash = 'never';
