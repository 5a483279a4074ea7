/** Where root shares stores with users. */
export const sharedStoresRoot = "/run/dhow-shared";

/** Where a user finds the stores that are shared with them, one folder a store. */
export function sharedStoresFolder(uid: number): string {
  return `${sharedStoresRoot}/${uid}`;
}
