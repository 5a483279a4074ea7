import { existsSync, mkdirSync, rmSync, symlinkSync } from "node:fs";
import { DhowError } from "../../errors.ts";
import { currentUser } from "../../rootless/user.ts";
import { getVariable, homeDirectory } from "../../system/environment.ts";
import { writeFileAtomic } from "../../system/files.ts";
import { installationFile } from "../../system/installation.ts";
import { locatePaths } from "../../system/paths.ts";
import { findProgram, shellQuote, tryRunAsync } from "../../system/process.ts";
import { startOnBootMarker } from "./explain.ts";

/** What there is on this machine to start something after a boot; tests give others. */
export interface BootMachine {
  readonly hasSystemd: boolean;
  /** Whether the user's services run without a login already. */
  readonly lingers: boolean;
  /** The folder of the user's settings. */
  readonly config: string;
  readonly data: string;
}

/** What has been set up, and what the user still has to do, if anything. */
export interface BootService {
  readonly done: string;
  readonly todo: string | undefined;
}

const unitName = "dhow-restart.service";
const cronMark = "# dhow system start-on-boot";

/**
 * Has `dhow system restart-containers` run after each boot: by a unit of the user's systemd, else by a line of the user's
 * crontab. Idempotent.
 * @throws {DhowError} `unsupported` if the machine has neither, with what to run at boot in the hint.
 */
export async function startOnBoot(machine: BootMachine = thisMachine()): Promise<BootService> {
  const service = machine.hasSystemd ? await addUnit(machine) : await addCronLine();
  mkdirSync(machine.data, { recursive: true, mode: 0o700 });
  writeFileAtomic(startOnBootMarker(machine.data), "set up\n");
  return service;
}

/** Takes it back. Idempotent. */
export async function stayDownOnBoot(machine: BootMachine = thisMachine()): Promise<void> {
  const { unit, link } = unitPaths(machine);
  rmSync(link, { force: true });
  rmSync(unit, { force: true });
  rmSync(startOnBootMarker(machine.data), { force: true });
  const crontab = findProgram("crontab");
  const lines = crontab === undefined ? [] : await readCrontab(crontab);
  if (crontab !== undefined && lines.some(isOurs))
    await writeCrontab(
      crontab,
      lines.filter((line) => !isOurs(line)),
    );
}

function thisMachine(): BootMachine {
  const home = homeDirectory();
  const config = getVariable("XDG_CONFIG_HOME") ?? (home && `${home}/.config`);
  if (!config?.startsWith("/")) {
    throw new DhowError("cannot find your home directory: HOME is not set", { kind: "invalid-argument" });
  }
  const { name, uid } = currentUser();
  return {
    hasSystemd: existsSync("/run/systemd/system"),
    lingers: existsSync(`/var/lib/systemd/linger/${name ?? uid}`),
    config,
    data: locatePaths().data,
  };
}

function unitPaths({ config }: BootMachine): { readonly unit: string; readonly link: string } {
  const folder = `${config}/systemd/user`;
  return { unit: `${folder}/${unitName}`, link: `${folder}/default.target.wants/${unitName}` };
}

/** Enabled by its link, as systemctl does it, which needs no session. */
async function addUnit(machine: BootMachine): Promise<BootService> {
  const { unit, link } = unitPaths(machine);
  mkdirSync(link.slice(0, link.lastIndexOf("/")), { recursive: true });
  writeFileAtomic(unit, unitText(), { mode: 0o644 });
  if (!existsSync(link)) {
    rmSync(link, { force: true });
    symlinkSync(`../${unitName}`, link);
  }
  const lingers = machine.lingers || (await letLinger());
  return {
    done: `systemd starts containers that are to come back: ${unit}`,
    todo: lingers
      ? undefined
      : `it does so when you log in; for a start at boot, have root run: loginctl enable-linger ${getVariable("USER") ?? "USER"}`,
  };
}

/** Whether the user's services now run without a login: on some machines root must say so. */
async function letLinger(): Promise<boolean> {
  return (await tryRunAsync(["loginctl", "enable-linger"]).catch(() => undefined))?.exitCode === 0;
}

/** Containers go on when the unit is stopped: they belong to their monitors. */
function unitText(): string {
  const environment = Object.entries(keptVariables()).map(
    ([name, value]) => `Environment="${name}=${unitValue(value)}"`,
  );
  const command = [installationFile("bin/dhow"), "system", "restart-containers"];
  return [
    "[Unit]",
    "Description=Start the containers of dhow whose restart policy asks for it",
    "",
    "[Service]",
    "Type=oneshot",
    "RemainAfterExit=yes",
    "KillMode=process",
    ...environment,
    `ExecStart=${command.map((word) => `"${unitValue(word)}"`).join(" ")}`,
    "",
    "[Install]",
    "WantedBy=default.target",
    "",
  ].join("\n");
}

function unitValue(text: string): string {
  return text.replace(/["\\]/g, "\\$&").replaceAll("%", "%%").replaceAll("$", "$$$$");
}

/** Settings without which dhow would look elsewhere, or not find its programs. */
function keptVariables(): Record<string, string> {
  const names = ["PATH", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "DHOW_NODE"];
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = getVariable(name);
      return value === undefined ? [] : [[name, value]];
    }),
  );
}

async function addCronLine(): Promise<BootService> {
  const line = cronLine();
  const crontab = findProgram("crontab");
  if (crontab === undefined) {
    throw new DhowError("cannot start containers after a boot: there is neither systemd nor crontab(1)", {
      kind: "unsupported",
      hint: `have whatever starts programs at boot here run, as you: ${line.replace(/^@reboot /, "").replace(` ${cronMark}`, "")}`,
    });
  }
  const others = (await readCrontab(crontab)).filter((other) => !isOurs(other));
  await writeCrontab(crontab, [...others, line]);
  return { done: `your crontab starts containers that are to come back: ${line}`, todo: undefined };
}

function cronLine(): string {
  const settings = Object.entries(keptVariables()).map(([name, value]) => `${name}=${shellQuote([value])}`);
  const command = shellQuote([installationFile("bin/dhow"), "system", "restart-containers"]);
  // cron ends a command at a percent sign.
  return `@reboot ${[...settings, command].join(" ").replaceAll("%", "\\%")} ${cronMark}`;
}

function isOurs(line: string): boolean {
  return line.endsWith(cronMark);
}

async function readCrontab(crontab: string): Promise<string[]> {
  const { exitCode, stdout } = await tryRunAsync([crontab, "-l"]);
  return exitCode === 0 ? stdout.split("\n").filter((line, index, all) => line !== "" || index < all.length - 1) : [];
}

async function writeCrontab(crontab: string, lines: readonly string[]): Promise<void> {
  const input = lines.map((line) => `${line}\n`).join("");
  const { exitCode, stderr } = await tryRunAsync([crontab, "-"], { input });
  if (exitCode !== 0) {
    throw new DhowError(`crontab: ${stderr.trim() || `exit status ${exitCode}`}`, { kind: "unavailable" });
  }
}
