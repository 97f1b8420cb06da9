export const servers: ReadonlyMap<string, { readonly program: string }>;
export function sourceFolderOf(name: string): string;
export function builtFolderOf(name: string): string;
