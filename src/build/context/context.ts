/** A folder that COPY, ADD and bind mounts take files from. */
export interface BuildContext {
  /** Absolute; a temporary folder for what was unpacked or fetched. */
  readonly directory: string;
  /** Whether the ignore file leaves out a path, relative to the folder and without `./` in front. */
  isIgnored(path: string): boolean;
  /** Whether something below a folder that is left out may come in again (`!` patterns). */
  mayHoldIncluded(folder: string): boolean;
  /** The pattern that left a path out, as the ignore file has it, for messages. */
  ignoredBy(path: string): string | undefined;
  /** Removes what was made for it. */
  close(): Promise<void>;
}
