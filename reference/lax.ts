/** `lax` as the project itself uses it: the functions that users have, and what rules need besides. */
export * from './lax/for-rules.ts';
export * from './lax/functions.ts';
