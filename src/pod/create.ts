import { createWithIds } from "../container/create-with-ids.ts";
import { newContainerId, randomName } from "../container/id.ts";
import { checkLimits } from "../container/limits.ts";
import { checkPodLimits } from "../container/pod-cgroup.ts";
import type { Engine } from "../engine.ts";
import { isKind } from "../errors.ts";
import type { ContainerConfig } from "../model/container-config.ts";
import { checkName } from "../model/object-name.ts";
import type { PodConfig } from "../model/pod-config.ts";
import type { NewPod, PodRecord } from "../storage/pods.ts";
import { recordPodEvent } from "./record-event.ts";

export interface PodRequest {
  /** Undefined for one that is made up. */
  readonly name: string | undefined;
  readonly config: Omit<PodConfig, "infraId">;
  /** Undefined for a pod without an infra container. */
  readonly infra: InfraRequest | undefined;
}

export interface InfraRequest {
  /** Undefined for one made of the pod's id. */
  readonly name: string | undefined;
  /** What the pod says is filled in: hostname, membership. */
  readonly config: ContainerConfig;
}

const randomNameAttempts = 100;

/**
 * Records a new pod and, in the same step, its infra container. Nothing is started.
 * @throws {DhowError} `already-exists`; `invalid-argument` for a name that is none; `unsupported` for limits that cannot be
 * kept here.
 */
export async function createPod(engine: Engine, request: PodRequest): Promise<PodRecord> {
  const { resources } = request.config;
  if (resources) {
    checkLimits(engine, { resources, cgroups: "enabled" });
    checkPodLimits(engine, resources);
  }
  if (request.name !== undefined) return addPod(engine, request, checkName(request.name));
  for (let attempt = 0; ; attempt++) {
    try {
      return await addPod(engine, request, randomName());
    } catch (error) {
      if (!isKind(error, "already-exists") || attempt >= randomNameAttempts) throw error;
    }
  }
}

async function addPod(engine: Engine, { config, infra }: PodRequest, name: string): Promise<PodRecord> {
  const id = newContainerId();
  const infraId = infra && newContainerId();
  const pod: NewPod = { id, name, createdAt: new Date(), config: { ...config, infraId } };
  if (infra) {
    const own: ContainerConfig = {
      ...infra.config,
      ...(infra.config.utsMode.mode === "private" ? { hostname: infra.config.hostname ?? hostnameFrom(name) } : {}),
      pod: { id, role: "infra" },
    };
    await createWithIds(engine, own, infra.name ?? `${id.slice(0, 12)}-infra`, pod);
  } else {
    engine.pods.add(pod);
  }
  recordPodEvent(engine, pod, "create");
  return engine.pods.get(id);
}

/** A host's name may have no underscores at its ends and 64 letters at most. */
function hostnameFrom(name: string): string {
  return name.slice(0, 64);
}
