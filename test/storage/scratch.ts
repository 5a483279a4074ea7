import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, realpathSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import type { Engine } from "../../src/engine.ts";
import type { ContainerConfig } from "../../src/model/container-config.ts";
import type { Digest } from "../../src/oci/digest.ts";
import { chainIds } from "../../src/storage/chain-id.ts";
import { sha256 } from "../../src/storage/hash.ts";
import { removeTree } from "../../src/storage/temporary.ts";
import { openScratch } from "./scratch-engine.ts";

export interface Scratch {
  readonly root: string;
  /**
   * A fresh engine on the folder, as another process would have it.
   * @param additional The folders of other scratches, as read-only stores.
   */
  open(additional?: readonly string[]): Engine;
}

/** An empty data folder that goes with the test. */
export function makeScratch({ storageDriver = "overlay" } = {}): Scratch {
  const root = realpathSync(mkdtempSync(join(tmpdir(), "dhow-storage-")));
  const engines: Engine[] = [];
  onTestFinished(() => {
    for (const engine of engines) engine.database.close();
    removeTree(root);
  });
  return {
    root,
    open(additional = []) {
      const engine = openScratch(root, storageDriver, additional);
      engines.push(engine);
      return engine;
    },
  };
}

export interface SampleImage {
  readonly names?: readonly string[];
  readonly repoDigests?: readonly string[];
  /** Content of each layer's only file, base first. */
  readonly layers?: readonly string[];
  readonly created?: string;
  readonly labels?: Record<string, string>;
  readonly config?: Record<string, unknown>;
  /** Further fields of the image config itself. */
  readonly document?: Record<string, unknown>;
  readonly indexDigest?: Digest;
}

/** Stores an image with one small file a layer. */
export async function addSampleImage(engine: Engine, sample: SampleImage = {}) {
  const { names = [], layers = ["base"], created = "2024-01-01T00:00:00Z", labels = {} } = sample;
  const diffIds = layers.map((content) => sha256(`layer ${content}`));
  const chain = chainIds(diffIds);
  for (const [position, content] of layers.entries()) {
    const layer = {
      chainId: chain[position] as Digest,
      parent: chain[position - 1],
      diffId: diffIds[position] as Digest,
    };
    await engine.layers.add(layer, async (diff) => {
      writeFileSync(`${diff}/file-${position}`, content);
      return { sizeBytes: content.length };
    });
  }
  const config = engine.blobs.put(
    Buffer.from(
      JSON.stringify({
        architecture: "amd64",
        os: "linux",
        created,
        config: { Labels: labels, ...sample.config },
        rootfs: { type: "layers", diff_ids: diffIds },
        history: layers.map((content) => ({ created, created_by: `add ${content}` })),
        ...sample.document,
      }),
    ),
  );
  const manifestDigest = engine.blobs.put(
    Buffer.from(
      JSON.stringify({
        schemaVersion: 2,
        mediaType: "application/vnd.oci.image.manifest.v1+json",
        config: { mediaType: "application/vnd.oci.image.config.v1+json", digest: config, size: 1 },
        layers: [],
      }),
    ),
  );
  const { repoDigests = [], indexDigest } = sample;
  return engine.images.add({ manifestDigest, names, repoDigests, indexDigest });
}

/** The parts of a container's config that the stores and listings read. */
export function sampleConfig(config: Partial<ContainerConfig> = {}): ContainerConfig {
  return {
    imageName: "docker.io/library/sample:latest",
    imageId: "",
    argv: ["sleep", "1"],
    command: ["sleep", "1"],
    entrypoint: [],
    env: [],
    labels: {},
    mounts: [],
    network: { mode: "none", ports: [] },
    exposedPorts: [],
    ...config,
  } as unknown as ContainerConfig;
}

/** Starts a fixture script in a process of its own. */
export function startFixture(name: string, ...args: string[]): ChildProcess {
  const script = new URL(`fixtures/${name}`, import.meta.url).pathname;
  return spawn(process.execPath, ["--disable-warning=ExperimentalWarning", script, ...args], {
    stdio: ["ignore", "pipe", "inherit"],
  });
}

/** Waits for a process to end. @returns Its exit code and its output. */
export async function ended(child: ChildProcess): Promise<{ code: number | null; output: string }> {
  let output = "";
  child.stdout?.on("data", (chunk) => {
    output += chunk;
  });
  const code = await new Promise<number | null>((resolve) => child.on("close", resolve));
  return { code, output };
}
