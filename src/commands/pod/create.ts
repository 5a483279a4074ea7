import { writeFileSync } from "node:fs";
import { type CommandContext, defineCommand, type Invocation } from "../../cli/command.ts";
import { parseFlags } from "../../cli/flags.ts";
import { imageOptions } from "../../cli/options/container/image.ts";
import { podCreateOptions } from "../../cli/options/pod.ts";
import { openSpinner } from "../../cli/spinner.ts";
import { explainStartOnBoot } from "../../container/boot/explain.ts";
import { parseShares } from "../../container/config/pod.ts";
import { removePod } from "../../container/remove.ts";
import type { Engine } from "../../engine.ts";
import { DhowError } from "../../errors.ts";
import { ensureImage } from "../../image/ensure-image.ts";
import { type PullFlags, readPullFlags } from "../../image/pull-flags.ts";
import { createPod } from "../../pod/create.ts";
import { showCopy } from "../copy-progress.ts";
import { buildPodRequest, type PodFlags, parseExitPolicy } from "./pod-request.ts";
import { invalid } from "./targets.ts";

type Given = Invocation<typeof podCreateOptions>;

export const create = defineCommand({
  usage: "[options] [NAME]",
  summary: "Create a new empty pod",
  description:
    "After creating the pod, the pod ID is printed to stdout.\n\nYou can then start it at any time with the 'pod start' command. The pod will be created with the initial state 'created'.",
  examples: ["dhow pod create", "dhow pod create --label foo=bar mypod"],
  options: podCreateOptions,
  operands: { max: 1, interspersed: false },
  async run(given, context) {
    const { engine, out } = context;
    const { options, operands } = given;
    if (options.name !== undefined && operands.length > 0) {
      throw invalid("cannot specify --name and NAME at the same time");
    }
    const name = operands[0] ?? options.name;
    const hasInfra = checkInfra(given);
    const request = buildPodRequest(
      {
        name: name === "" ? undefined : name,
        infra: hasInfra ? await readInfra(given, context) : undefined,
        ...readSharing(given, hasInfra),
        exitPolicy: parseExitPolicy(options["exit-policy"]),
        flags: { ...options, "conmon-pidfile": options["infra-conmon-pidfile"] },
        changed: given.changed as (flag: string) => boolean,
      },
      context,
    );
    if (options.replace) await replacePod(engine, name);
    const { id } = await createPod(engine, request);
    explainStartOnBoot(engine, request.config.restart.policy);
    if (options["pod-id-file"] !== undefined) await writePodIdFile(engine, options["pod-id-file"], id);
    out.line(id);
  },
});

/** @returns Whether the pod gets an infra container. */
function checkInfra({ options, changed }: Given): boolean {
  const sharesNothing = options.share === "none" || options.share === "";
  if (options.infra && (changed("infra") || !sharesNothing)) return true;
  if (changed("no-hosts")) throw invalid("cannot specify --no-hosts without an infra container");
  if (options["infra-name"] !== undefined) throw invalid("cannot set infra-name without an infra container");
  if (changed("share") && !sharesNothing) {
    throw invalid(`cannot set share(${options.share}) namespaces without an infra container`);
  }
  if (options.publish.length > 0) {
    throw invalid("you must have an infra container to publish port bindings to the host");
  }
  if (changed("network")) throw invalid("NoInfra and network modes cannot be used together");
  for (const [flag, field] of infraOnly) {
    if (changed(flag)) throw invalid(`NoInfra and ${field} are mutually exclusive pod options: invalid pod spec`);
  }
  return false;
}

/** What only an infra container can have, by podman's names. */
const infraOnly = [
  ["infra-command", "InfraCommand"],
  ["infra-image", "InfraImage"],
  ["dns", "DNSServer"],
  ["dns-option", "DNSOption"],
  ["dns-search", "DNSSearch"],
  ["add-host", "HostAdd"],
  ["hosts-file", "HostsFile"],
] as const;

async function readInfra({ options }: Given, { engine, globals, out }: CommandContext): Promise<PodFlags["infra"]> {
  const name = options["infra-image"] ?? "";
  const display = showCopy(out);
  try {
    const image =
      name === ""
        ? undefined
        : await ensureImage(engine, name, {
            ...readPullFlags(parseFlags({ options: imageOptions }, []).options as unknown as PullFlags, false),
            policy: "missing",
            onEvent: display.onEvent,
            showLongStep: openSpinner({ quiet: false, logLevel: globals.logLevel }),
          });
    return { name: options["infra-name"], command: options["infra-command"], image };
  } finally {
    display.end();
  }
}

function readSharing({ options }: Given, hasInfra: boolean): Pick<PodFlags, "shares" | "sharesParent"> {
  const shares = hasInfra ? parseShares(options.share) : [];
  const sharesParent = options["share-parent"];
  if (shares.includes("cgroup") && sharesParent) {
    throw invalid(
      "cannot define the pod as the cgroup parent at the same time as joining the infra container's cgroupNS: invalid argument",
    );
  }
  return { shares, sharesParent };
}

async function replacePod(engine: Engine, name: string | undefined): Promise<void> {
  if (name === undefined || name === "") throw invalid("cannot replace pod without --name being set");
  const old = engine.pods.find(name);
  if (old?.name === name) await removePod(engine, old.id, { force: true });
}

/** A pod whose id cannot be told is not kept. */
async function writePodIdFile(engine: Engine, path: string, id: string): Promise<void> {
  try {
    writeFileSync(path, id, { mode: 0o644 });
  } catch (cause) {
    await removePod(engine, id, { force: true });
    throw new DhowError(`failed to write pod ID to file: cannot write ${path}`, { kind: "invalid-argument", cause });
  }
}
