/** Variables that the launcher sets for the CLI; they never reach a child process. */
const launcherVariables = [
  "DHOW_IN_NAMESPACE",
  "DHOW_FROM_INSIDE",
  "DHOW_CWD",
  "DHOW_UID",
  "DHOW_GID",
  "DHOW_RUN_DIR",
  "DHOW_INVOKED_AS",
  "DHOW_HELD",
] as const;

// biome-ignore lint/style/noProcessEnv: this file is the door
const variables: Record<string, string | undefined> = process.env;

/** The value of an environment variable; an empty value counts as unset. */
export function getVariable(name: string): string | undefined {
  return variables[name] || undefined;
}

/** Sets a variable for this process and the programs that it starts, where a flag stands for one. */
export function setVariable(name: string, value: string): void {
  variables[name] = value;
}

/** The environment for child programs: what the user gave dhow, without the launcher's own variables. */
export function childEnvironment(): Record<string, string> {
  const copy: Record<string, string> = {};
  for (const [name, value] of Object.entries(variables)) {
    if (value !== undefined && !(launcherVariables as readonly string[]).includes(name)) copy[name] = value;
  }
  return copy;
}

/** The user's home directory: $HOME, else the password database. Undefined when neither names one. */
export function homeDirectory(): string | undefined {
  return getVariable("HOME") ?? passwordDatabaseHome();
}

function passwordDatabaseHome(): string | undefined {
  try {
    return process.getBuiltinModule("node:os").userInfo().homedir || undefined;
  } catch {
    return undefined;
  }
}
