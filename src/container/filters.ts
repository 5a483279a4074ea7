import type { Engine } from "../engine.ts";
import { DhowError } from "../errors.ts";
import {
  combineFilters,
  type Filters,
  type FilterTable,
  matchesLabel,
  parseFilterBoolean,
  searchTest,
} from "../model/filters.ts";
import { parsePointInTime } from "../model/point-in-time.ts";
import type { ContainerRecord } from "../storage/containers.ts";
import { hasEnded, knownStates } from "./state.ts";

type FilterEngine = Pick<Engine, "containers" | "images" | "networks" | "pods">;

/**
 * A test for containers that all the filters of a listing let through.
 * @throws {DhowError} `invalid-argument` for an unknown filter or a bad value; `not-found` for an unknown container in one.
 */
export function containerFilter(engine: FilterEngine, filters: Filters): (record: ContainerRecord) => boolean {
  return combineFilters(filters, table(engine), (key) => invalid(`${key} is an invalid filter`));
}

/** What --filter of `ps` and of commands for several containers knows. */
function table(engine: FilterEngine): FilterTable<ContainerRecord> {
  return {
    ...identityFilters(engine),
    ...stateFilters(engine),
    ...configFilters,
  };
}

function identityFilters({ images, networks, pods }: FilterEngine): FilterTable<ContainerRecord> {
  return {
    ancestor: (value) => {
      const ancestor = images.find(value)?.id;
      return ({ config }) => config.imageId === ancestor || isImageName(config.imageName, value);
    },
    id: (value) => {
      const fits = /^[0-9a-f]+$/i.test(value) ? undefined : searchTest(value);
      return ({ id }) => (fits ? fits(id) : id.startsWith(value.toLowerCase()));
    },
    name: (value) => {
      const fits = searchTest(value.replace(/^(\^?)\//, "$1"));
      return ({ name }) => fits(name);
    },
    network: (value) => {
      const name = networks.find(value)?.name;
      return ({ config }) => {
        const { mode, networks: own = [] } = config.network;
        return mode === value || own.some((network) => network.name === name);
      };
    },
    pod: (value) => {
      const pod = pods.find(value)?.id;
      return ({ config }) => pod !== undefined && config.pod?.id === pod;
    },
  };
}

function stateFilters({ containers }: FilterEngine): FilterTable<ContainerRecord> {
  const created = (value: string) => containers.get(value).createdAt.getTime();
  return {
    before: (value) => {
      const limit = created(value);
      return ({ createdAt }) => createdAt.getTime() < limit;
    },
    since: (value) => {
      const limit = created(value);
      return ({ createdAt }) => createdAt.getTime() > limit;
    },
    until: (value) => {
      const limit = parsePointInTime(value).getTime();
      return ({ createdAt }) => createdAt.getTime() < limit;
    },
    exited: (value) => {
      if (!/^-?\d+$/.test(value)) throw invalid(`exited code out of range ${JSON.stringify(value)}`);
      return ({ state, exitCode }) => hasEnded(state) && exitCode === Number(value);
    },
    health:
      (value) =>
      ({ healthStatus }) =>
        (healthStatus ?? "none") === value,
    status: (value) => {
      if (!knownStates.includes(value)) throw invalid(`unknown container state: ${value}: invalid argument`);
      return ({ state }) => state === (value === "stopped" ? "exited" : value);
    },
  };
}

const restartPolicies: readonly string[] = ["no", "on-failure", "always", "unless-stopped"];

const configFilters: FilterTable<ContainerRecord> = {
  command:
    (value) =>
    ({ config }) =>
      config.argv[0] === value,
  label:
    (value) =>
    ({ config }) =>
      matchesLabel(config.labels, value),
  "label!":
    (value) =>
    ({ config }) =>
      !matchesLabel(config.labels, value),
  "restart-policy": (value) => {
    const policy = value === "none" ? "no" : value;
    if (!restartPolicies.includes(policy)) throw invalid(`${value} invalid restart policy`);
    return ({ config }) => config.restart.policy === policy;
  },
  "should-start-on-boot": (value) => {
    const wanted = parseFilterBoolean("should-start-on-boot", value);
    return ({ config, stoppedByUser }) => {
      const { policy } = config.restart;
      return (policy === "always" || (policy === "unless-stopped" && !stoppedByUser)) === wanted;
    };
  },
  volume: (value) => {
    const [source, destination] = value.split(":");
    return ({ config }) =>
      config.mounts.some((mount) =>
        destination === undefined
          ? mount.source === source || mount.destination === source
          : mount.source === source && mount.destination === destination,
      );
  },
};

/** Whether a name without its tag, its registry or its path is meant. */
function isImageName(name: string, wanted: string): boolean {
  const colon = name.lastIndexOf(":");
  const forms = colon > name.lastIndexOf("/") ? [name, name.slice(0, colon)] : [name];
  return forms.some((form) => form === wanted || form.endsWith(`/${wanted}`));
}

function invalid(message: string): DhowError {
  return new DhowError(message, { kind: "invalid-argument" });
}
