/** How backends in a browser are named: `browser:wgsl`. */

const PREFIX = 'browser:';
export const isBrowser = (asked: string): boolean => asked.startsWith(PREFIX);
export const inBrowser = (backend: string): string => PREFIX + backend;
/** The backend that runs there. */
export const nameInBrowser = (asked: string): string => asked.slice(PREFIX.length);
