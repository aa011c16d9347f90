export * from './spectral.ts';
export * from './norm.ts';
