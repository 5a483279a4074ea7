import type { ErrorKind } from "../../errors.ts";

/** What a path leads to inside of the copier's root. */
export interface Located {
  readonly kind: "file" | "directory" | "other" | "absent";
  /** Absolute, with symbolic links followed; of something absent, where it would be. */
  readonly target: string;
}

/** A folder or file that is shown in the root before the copier enters it. */
export interface BindMount {
  /** Absolute, outside of the root. */
  readonly source: string;
  /** In the root. */
  readonly destination: string;
}

export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

export interface PutOptions {
  /** An existing folder in the root. */
  readonly directory: string;
  /** Who gets what is copied; undefined for the owners in the archive. */
  readonly owner: Owner | undefined;
  /** Whether a folder may take the place of something else, and the other way round. */
  readonly overwrite: boolean;
  /** Leaves devices out. */
  readonly skipsDevices: boolean;
}

/** What the copier is asked for, one thing at a time; the content of files goes over its stdin and stdout. */
export type CopyRequest =
  | { readonly op: "enter"; readonly mounts: readonly BindMount[] }
  | { readonly op: "locate"; readonly path: string }
  | { readonly op: "read"; readonly path: string; readonly limitBytes: number }
  /** `name` is what the root of the archive is called; undefined for the content of a folder alone. */
  | { readonly op: "take"; readonly path: string; readonly name: string | undefined }
  | ({ readonly op: "put" } & PutOptions);

export type CopyAnswer =
  | { readonly ok: true; readonly value?: unknown }
  | { readonly ok: false; readonly kind: ErrorKind; readonly message: string };
