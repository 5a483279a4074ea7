// What a Dockerfile says, as plain data. Words are as they stand in the file: `expandInstruction` (expand.ts) puts the values of
// variables in, and `resolveMounts` reads what --mount says once they are known.

/** Lines of the file, counted from 1, both included. Here-documents belong to their instruction. */
export interface SourceRange {
  readonly startLine: number;
  readonly endLine: number;
}

/** A comment on one of the first lines that sets how the file is read. */
export interface Directive {
  readonly name: "syntax" | "escape" | "check";
  readonly value: string;
  readonly line: number;
}

export interface Dockerfile {
  /** As messages call it. */
  readonly fileName: string;
  /** The whole text, for excerpts in messages. */
  readonly text: string;
  /** What escapes a character and continues a line. */
  readonly escape: EscapeCharacter;
  readonly directives: readonly Directive[];
  /** `ARG` above the first `FROM`. */
  readonly globalArguments: readonly ArgInstruction[];
  readonly stages: readonly Stage[];
  /** Instructions with an empty line within a continuation, which the reference deprecates. */
  readonly emptyContinuations: readonly EmptyContinuation[];
}

export type EscapeCharacter = "\\" | "`";

export interface EmptyContinuation {
  /** The instruction, its lines joined. */
  readonly code: string;
  readonly range: SourceRange;
}

export interface Stage {
  /** From 0: `COPY --from=0`. */
  readonly index: number;
  /** In lower case; undefined without `AS`. */
  readonly name: string | undefined;
  readonly from: FromInstruction;
  readonly instructions: readonly StageInstruction[];
}

interface InstructionOf<Keyword extends string> {
  readonly keyword: Keyword;
  /** The keyword in the case that the file has it in. */
  readonly written: string;
  /** The instruction in one line: continuations joined, comments dropped, without the bodies of here-documents. */
  readonly code: string;
  readonly range: SourceRange;
  /** The comments right above, without their `#`. */
  readonly comments: readonly string[];
}

export interface FromInstruction extends InstructionOf<"FROM"> {
  /** An image, `scratch`, or the name of an earlier stage or of a build context. */
  readonly base: string;
  /** `AS` and the name, as written. */
  readonly as: { readonly written: string; readonly name: string } | undefined;
  readonly platform: string | undefined;
}

/** `KEY=value` of ENV and LABEL. Quotes still stand in both. */
export interface Pair {
  readonly key: string;
  readonly value: string;
  /** `ENV key value`, without an equals sign. */
  readonly isLegacy: boolean;
}

export interface ArgInstruction extends InstructionOf<"ARG"> {
  readonly arguments: readonly { readonly name: string; readonly value: string | undefined }[];
}

export interface EnvInstruction extends InstructionOf<"ENV"> {
  readonly pairs: readonly Pair[];
}

export interface LabelInstruction extends InstructionOf<"LABEL"> {
  readonly pairs: readonly Pair[];
}

export interface Heredoc {
  /** The word that ends it. */
  readonly name: string;
  /** 0 where the file names none. */
  readonly fileDescriptor: number;
  /** False for `<<"EOF"`: nothing is expanded in the body. */
  readonly isExpanded: boolean;
  /** `<<-`: tabs in front of each line do not count. */
  readonly stripsTabs: boolean;
  /** The lines as they stand in the file, tabs included. */
  readonly content: string;
}

/** A command, for the shell (`text` as written) or as the words of a JSON array. */
export type CommandLine =
  | { readonly form: "shell"; readonly text: string; readonly heredocs: readonly Heredoc[] }
  | { readonly form: "exec"; readonly words: readonly string[] };

export interface RunInstruction extends InstructionOf<"RUN"> {
  readonly command: CommandLine;
  /** The values of --mount, for `resolveMounts`. */
  readonly mounts: readonly string[];
  readonly network: RunNetwork | undefined;
  readonly security: RunSecurity | undefined;
  /** The values of --device. */
  readonly devices: readonly string[];
}

export type RunNetwork = "default" | "none" | "host";
export type RunSecurity = "sandbox" | "insecure";

export interface CmdInstruction extends InstructionOf<"CMD"> {
  readonly command: CommandLine;
}

export interface EntrypointInstruction extends InstructionOf<"ENTRYPOINT"> {
  readonly command: CommandLine;
}

/** A file whose content stands in the Dockerfile. */
export interface InlineFile {
  readonly name: string;
  /** Without the tabs that `<<-` strips. */
  readonly content: string;
  readonly isExpanded: boolean;
}

interface Copying {
  readonly sources: readonly string[];
  readonly inlineFiles: readonly InlineFile[];
  readonly destination: string;
  /** `USER[:GROUP]`, names or numbers. */
  readonly chown: string | undefined;
  /** Octal or symbolic. */
  readonly chmod: string | undefined;
  readonly link: boolean;
  readonly excludes: readonly string[];
}

export interface CopyInstruction extends InstructionOf<"COPY">, Copying {
  /** A stage's name or number, a build context or an image. */
  readonly from: string | undefined;
  readonly parents: boolean;
}

export interface AddInstruction extends InstructionOf<"ADD">, Copying {
  readonly checksum: string | undefined;
  readonly keepGitDir: boolean | undefined;
  /** Undefined: local archives are unpacked, downloaded ones are not. */
  readonly unpack: boolean | undefined;
}

export interface ExposeInstruction extends InstructionOf<"EXPOSE"> {
  /** `8080`, `8080/udp`, `8000-8010/tcp`: parsed after expansion by `parseExposedPorts` (ports.ts). */
  readonly ports: readonly string[];
}

export interface HealthcheckInstruction extends InstructionOf<"HEALTHCHECK"> {
  /** Undefined: `NONE`. */
  readonly check: DeclaredHealthcheck | undefined;
}

/** Times are undefined where the file does not say them. */
export interface DeclaredHealthcheck {
  readonly command: CommandLine;
  readonly intervalMs: number | undefined;
  readonly timeoutMs: number | undefined;
  readonly startPeriodMs: number | undefined;
  readonly startIntervalMs: number | undefined;
  readonly retries: number | undefined;
}

export interface MaintainerInstruction extends InstructionOf<"MAINTAINER"> {
  readonly maintainer: string;
}

export interface OnbuildInstruction extends InstructionOf<"ONBUILD"> {
  /** What an image keeps, here-documents included: `parseTrigger` reads it in the build that is based on that image. */
  readonly trigger: string;
  /** The trigger as it would be here. */
  readonly instruction: StageInstruction;
}

export interface ShellInstruction extends InstructionOf<"SHELL"> {
  readonly words: readonly string[];
}

export interface StopsignalInstruction extends InstructionOf<"STOPSIGNAL"> {
  readonly signal: string;
}

export interface UserInstruction extends InstructionOf<"USER"> {
  readonly user: string;
}

export interface VolumeInstruction extends InstructionOf<"VOLUME"> {
  readonly paths: readonly string[];
}

export interface WorkdirInstruction extends InstructionOf<"WORKDIR"> {
  readonly path: string;
}

export type StageInstruction =
  | AddInstruction
  | ArgInstruction
  | CmdInstruction
  | CopyInstruction
  | EntrypointInstruction
  | EnvInstruction
  | ExposeInstruction
  | HealthcheckInstruction
  | LabelInstruction
  | MaintainerInstruction
  | OnbuildInstruction
  | RunInstruction
  | ShellInstruction
  | StopsignalInstruction
  | UserInstruction
  | VolumeInstruction
  | WorkdirInstruction;

export type Instruction = FromInstruction | StageInstruction;

export type Keyword = Instruction["keyword"];

/** What --mount of RUN says. */
export type RunMount = BindMount | CacheMount | TmpfsMount | SecretMount | SshMount;

export interface BindMount {
  readonly type: "bind";
  /** A stage, build context or image; undefined: the build context. */
  readonly from: string | undefined;
  readonly source: string;
  /** As given: a relative one counts from the working directory. */
  readonly target: string;
  /** False: what is written is thrown away after the step. */
  readonly isReadOnly: boolean;
}

export interface CacheMount {
  readonly type: "cache";
  /** The target where the file gives no id. */
  readonly id: string;
  readonly target: string;
  readonly isReadOnly: boolean;
  readonly sharing: CacheSharing;
  /** What an empty cache begins with; undefined: nothing. */
  readonly from: string | undefined;
  readonly source: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

export type CacheSharing = "shared" | "private" | "locked";

export interface TmpfsMount {
  readonly type: "tmpfs";
  readonly target: string;
  readonly sizeBytes: number | undefined;
}

export interface SecretMount {
  readonly type: "secret";
  readonly id: string;
  /** Undefined: only as an environment variable. */
  readonly target: string | undefined;
  /** The variable that holds it. */
  readonly environment: string | undefined;
  readonly isRequired: boolean;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

export interface SshMount {
  readonly type: "ssh";
  readonly id: string;
  readonly target: string | undefined;
  readonly isRequired: boolean;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

/** What variables stand for where a word is expanded: undefined if there is none of that name. */
export type Variables = (name: string) => string | undefined;
