import type { Engine, GlobalOptions } from "../engine.ts";
import { log, setLogLevel } from "../system/log.ts";
import type { CommandContext, CommandSpec, CommandTree, Invocation, OptionTable } from "./command.ts";
import type { CompletionSource } from "./complete.ts";
import { reportFailure } from "./failure.ts";
import { type ParsedFlags, parseFlags } from "./flags.ts";
import { parsedGlobalOptions, readGlobals, redirectOutput, useConfigFolder } from "./globals.ts";
import { type LocatedCommand, locate } from "./locate.ts";
import { checkOperandCount } from "./operands.ts";
import { type Output, openOutput } from "./output.ts";

/** What the command line needs of the rest of dhow. */
export interface Program {
  readonly name: string;
  readonly version: string;
  readonly commands: CommandTree;
  /** Returns only inside of the user's namespaces. */
  enterNamespace(warn: (message: string) => void): Promise<void>;
  /** Loads the engine; it is opened when a command asks for it. */
  loadEngine(): Promise<(options: EngineRequest) => Engine>;
  /** Names of containers and images, for completion. */
  listNames: CompletionSource["listNames"];
}

export interface EngineRequest {
  readonly globals: GlobalOptions;
  warn(message: string): void;
}

/** Runs one command line. @returns The exit code; failures have been shown. */
export async function runProgram(program: Program, argv: readonly string[]): Promise<number> {
  const session: Session = { program, globals: undefined };
  try {
    if (argv[0] === "__complete") return await (await import("./complete.ts")).writeCompletions(program, argv[1] ?? "");
    const located = locate(program.name, program.commands, argv);
    if (located.kind === "command") return await runCommand(session, located);
    return await (await import("./slow.ts")).runSpecial(program, located);
  } catch (error) {
    return reportFailure(error, { version: program.version, verbose: isVerbose(session) });
  } finally {
    log("debug", "Shutting down engines");
  }
}

function isVerbose({ globals }: Session): boolean {
  return globals?.logLevel === "debug" || globals?.logLevel === "trace";
}

interface Session {
  readonly program: Program;
  globals: GlobalOptions | undefined;
}

async function runCommand(session: Session, located: LocatedCommand): Promise<number> {
  const { program } = session;
  const { path, entry } = located;
  const spec = await entry.load();
  const flags = await readFlags(spec, located);
  if (flags.wantsHelp) return (await import("./slow.ts")).showCommandHelp(program, { path, entry, spec });
  const given = { ...located.globals, ...flags.globals };
  const globals = readGlobals(given);
  session.globals = globals;
  checkOperandCount(path, flags.operands.length, spec.operands ?? { max: 0 });

  const out = openOutput({ showsWarnings: globals.logLevel !== "error" });
  const { needsNamespace: need = true } = spec;
  const needsNamespace = typeof need === "function" ? need(flags.changed) : need;
  if (needsNamespace) await program.enterNamespace(out.warn);
  setLogLevel(globals.logLevel);
  log("info", `${path}: messages from the level ${globals.logLevel} on are shown`);
  log("debug", `Called ${path} with ${globals.logLevel} messages, as process ${process.pid}`);
  log("trace", `Arguments: ${located.rest.length}`);
  redirectOutput(given);
  useConfigFolder(given);
  const openEngine = needsNamespace ? await program.loadEngine() : undefined;
  const exitCode = await spec.run(toInvocation(flags), createContext({ globals, out, openEngine }));
  return exitCode ?? 0;
}

async function readFlags(spec: CommandSpec, { path, rest }: LocatedCommand): Promise<ParsedFlags> {
  const interspersed = spec.operands?.interspersed !== false;
  try {
    return parseFlags({ options: spec.options, globals: parsedGlobalOptions, interspersed }, rest);
  } catch (error) {
    throw (await import("./slow.ts")).explainFlagError(error, path, spec.options);
  }
}

function toInvocation({ options, operands, changed }: ParsedFlags): Invocation<OptionTable> {
  return { options: options as Invocation<OptionTable>["options"], operands, changed: (name) => changed.has(name) };
}

interface ContextParts {
  readonly globals: GlobalOptions;
  readonly out: Output;
  readonly openEngine: ((request: EngineRequest) => Engine) | undefined;
}

function createContext({ globals, out, openEngine }: ContextParts): CommandContext {
  let engine: Engine | undefined;
  return {
    globals,
    out,
    get engine() {
      if (openEngine === undefined)
        throw new Error("a command that runs outside of the namespaces asked for the engine");
      engine ??= openEngine({ globals, warn: out.warn });
      return engine;
    },
  };
}
