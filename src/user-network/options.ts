import { DhowError } from "../errors.ts";

export interface CheckedOptions {
  readonly options: Record<string, string>;
  /** Docker has an option for the name of the bridge. */
  readonly interfaceName: string | undefined;
}

const dockerNames: Readonly<Record<string, string>> = { "com.docker.network.driver.mtu": "mtu" };
const bridgeName = "com.docker.network.bridge.name";

/**
 * Options of the driver bridge as netavark takes them; Docker's names for them, too.
 * @throws {DhowError} `invalid-argument` with podman's words.
 */
export function checkOptions(given: Readonly<Record<string, string>>): CheckedOptions {
  const options: Record<string, string> = {};
  let interfaceName: string | undefined;
  for (const [key, value] of Object.entries(given)) {
    if (key === bridgeName) interfaceName = value;
    else {
      const name = dockerNames[key] ?? key;
      options[name] = checkOption(name, value);
    }
  }
  return { options, interfaceName };
}

function checkOption(key: string, value: string): string {
  switch (key) {
    case "mtu":
      return checkNumber(value, { least: 0, what: "mtu" });
    case "vlan":
      return checkNumber(value, { least: 0, most: 4094, what: "vlan ID" });
    case "metric":
      return checkNumber(value, { least: 0, most: 2 ** 32 - 1, what: "metric" });
    case "isolate":
      return value === "strict" ? value : String(checkBoolean(key, value));
    case "no_default_route":
      return String(checkBoolean(key, value));
    case "vrf":
      if (value === "") throw invalid("invalid vrf name");
      throw new DhowError("cannot create a network with the option vrf: there is no such device of yours to join", {
        kind: "unsupported",
      });
    case "mode":
      if (value === "managed") return value;
      throw value === "unmanaged"
        ? new DhowError("cannot create a network with the bridge mode unmanaged: there is no bridge of yours to join", {
            kind: "unsupported",
          })
        : invalid(`unknown bridge mode ${JSON.stringify(value)}`);
    default:
      throw invalid(`unsupported bridge network option ${key}`);
  }
}

function checkNumber(
  text: string,
  { least, most = Number.MAX_SAFE_INTEGER, what }: { least: number; most?: number; what: string },
): string {
  if (!/^\d+$/.test(text) || Number(text) < least || Number(text) > most) {
    throw invalid(`invalid ${what} ${JSON.stringify(text)}`);
  }
  return text;
}

function checkBoolean(key: string, text: string): boolean {
  if (/^(?:1|t|T|true|TRUE|True)$/.test(text)) return true;
  if (/^(?:0|f|F|false|FALSE|False)$/.test(text)) return false;
  throw invalid(`failed to parse ${key} option: ${JSON.stringify(text)} is neither true nor false`);
}

function invalid(message: string): DhowError {
  return new DhowError(message, { kind: "invalid-argument" });
}
