import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import { findProgram } from "./programs.ts";

export interface RegistryOptions {
  /** An empty or missing folder for its configuration, log and content. */
  readonly folder: string;
  /** The content to serve, as another registry's `data`; its own by default. */
  readonly data?: string;
  /** Asks for this name and password (Basic auth). */
  readonly login?: { readonly user: string; readonly password: string };
  /** Serves https with a certificate of an authority of its own. */
  readonly tls?: boolean;
}

export interface RunningRegistry {
  /** As in an image reference: "127.0.0.1:PORT". */
  readonly host: string;
  /** The folder of its content: a second registry may serve it too. */
  readonly data: string;
  /** The authority's certificate, if it serves https. */
  readonly authority: string | undefined;
  stop(): Promise<void>;
}

/** Starts Debian's docker-registry on a free port of the loopback interface. It must be stopped. */
export async function startRegistry(options: RegistryOptions): Promise<RunningRegistry> {
  const { folder, data = join(folder, "data") } = options;
  const program = findProgram("docker-registry", "registry");
  if (!program) throw new Error("docker-registry is not installed");
  mkdirSync(folder, { recursive: true });
  mkdirSync(data, { recursive: true });
  const port = await freePort();
  const authority = options.tls ? makeCertificate(folder) : undefined;
  writeFileSync(join(folder, "config.yml"), configuration({ ...options, data }, port));
  const log = openSync(join(folder, "log"), "a");
  // The registry reads REGISTRY_* variables as settings.
  const env = { PATH: "/usr/bin:/bin", HOME: folder };
  const child = spawn(program, ["serve", join(folder, "config.yml")], { env, stdio: ["ignore", log, log] });
  closeSync(log);
  await waitForPort(port, child, join(folder, "log"));
  return { host: `127.0.0.1:${port}`, data, authority, stop: () => endProcess(child) };
}

function configuration({ folder, data, login, tls }: RegistryOptions & { data: string }, port: number): string {
  // JSON is YAML.
  return JSON.stringify({
    version: "0.1",
    log: { level: "warn" },
    storage: { filesystem: { rootdirectory: data }, delete: { enabled: true } },
    http: {
      addr: `127.0.0.1:${port}`,
      ...(tls ? { tls: { certificate: join(folder, "server.crt"), key: join(folder, "server.key") } } : {}),
    },
    ...(login ? { auth: { htpasswd: { realm: "dhow tests", path: passwordFile(folder, login) } } } : {}),
  });
}

function passwordFile(folder: string, { user, password }: { user: string; password: string }): string {
  const path = join(folder, "htpasswd");
  writeFileSync(path, execFileSync("htpasswd", ["-nbB", user, password]));
  return path;
}

/** @returns The path of the authority's certificate. */
function makeCertificate(folder: string): string {
  const openssl = (...args: string[]) => execFileSync("openssl", args, { cwd: folder, stdio: "pipe" });
  const key = ["-newkey", "rsa:2048", "-nodes", "-sha256"];
  openssl("req", "-x509", ...key, "-days", "2", "-subj", "/CN=dhow tests", "-keyout", "ca.key", "-out", "ca.crt");
  openssl("req", ...key, "-subj", "/CN=127.0.0.1", "-keyout", "server.key", "-out", "server.csr");
  writeFileSync(join(folder, "names"), "subjectAltName=IP:127.0.0.1,DNS:localhost\n");
  const authority = ["-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial"];
  openssl("x509", "-req", "-in", "server.csr", ...authority, "-days", "2", "-extfile", "names", "-out", "server.crt");
  return join(folder, "ca.crt");
}

/** A port of the loopback interface that nothing listens on. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const address = server.address();
  await new Promise((closed) => server.close(closed));
  if (address === null || typeof address === "string") throw new Error("no free port");
  return address.port;
}

async function waitForPort(port: number, child: ChildProcess, log: string): Promise<void> {
  for (let attempt = 0; attempt < 300 && child.exitCode === null; attempt++) {
    const open = await new Promise<boolean>((answer) => {
      const socket = connect(port, "127.0.0.1", () => {
        socket.destroy();
        answer(true);
      });
      socket.on("error", () => answer(false));
    });
    if (open) return;
    await delay(100);
  }
  throw new Error(`the registry did not start:\n${readFileSync(log, "utf8")}`);
}

async function endProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGTERM");
  await ended;
}

export interface ImageContent {
  /** Lowest first: a folder to pack, or the bytes of a tar archive. */
  readonly layers: readonly (string | Uint8Array)[];
  /** The `config` object of the image: Cmd, Env, User, ... */
  readonly config?: Readonly<Record<string, unknown>>;
  /** Default "oci". */
  readonly format?: "oci" | "docker";
  readonly architecture?: string;
  /** Default true: gzip. */
  readonly compress?: boolean;
}

export interface PushTarget {
  readonly host: string;
  readonly repository: string;
  readonly tag: string;
  readonly authorization?: string;
}

export interface PushedImage {
  readonly manifestDigest: string;
  readonly configDigest: string;
  readonly layerDigests: readonly string[];
}

const mediaTypes = {
  oci: {
    manifest: "application/vnd.oci.image.manifest.v1+json",
    config: "application/vnd.oci.image.config.v1+json",
    layer: "application/vnd.oci.image.layer.v1.tar",
    gzip: "application/vnd.oci.image.layer.v1.tar+gzip",
  },
  docker: {
    manifest: "application/vnd.docker.distribution.manifest.v2+json",
    config: "application/vnd.docker.container.image.v1+json",
    layer: "application/vnd.docker.image.rootfs.diff.tar",
    gzip: "application/vnd.docker.image.rootfs.diff.tar.gzip",
  },
} as const;

/** Makes an image and puts it into a registry that speaks plain http. */
export async function pushImage(target: PushTarget, content: ImageContent): Promise<PushedImage> {
  const types = mediaTypes[content.format ?? "oci"];
  const tars = content.layers.map(tarOf);
  const blobs = tars.map((tar) => ((content.compress ?? true) ? gzipSync(tar, { level: 1 }) : Buffer.from(tar)));
  const config = Buffer.from(
    JSON.stringify({
      architecture: content.architecture ?? (process.arch === "arm64" ? "arm64" : "amd64"),
      os: "linux",
      created: "2026-01-01T00:00:00Z",
      config: content.config ?? {},
      rootfs: { type: "layers", diff_ids: tars.map(digestOf) },
      history: tars.map(() => ({ created: "2026-01-01T00:00:00Z", created_by: "dhow tests" })),
    }),
  );
  const descriptor = (mediaType: string, bytes: Uint8Array) => ({
    mediaType,
    digest: digestOf(bytes),
    size: bytes.length,
  });
  const layerType = (content.compress ?? true) ? types.gzip : types.layer;
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: types.manifest,
      config: descriptor(types.config, config),
      layers: blobs.map((blob) => descriptor(layerType, blob)),
    }),
  );
  for (const blob of [...blobs, config]) await pushBlob(target, blob);
  await pushManifest(target, { reference: target.tag, mediaType: types.manifest, bytes: manifest });
  return { manifestDigest: digestOf(manifest), configDigest: digestOf(config), layerDigests: blobs.map(digestOf) };
}

/** Puts one blob into a registry. */
export async function pushBlob(target: PushTarget, bytes: Uint8Array): Promise<void> {
  const start = await request(target, "POST", `http://${target.host}/v2/${target.repository}/blobs/uploads/`);
  const location = new URL(start.headers.get("location") ?? "", `http://${target.host}`);
  location.searchParams.set("digest", digestOf(bytes));
  await request(target, "PUT", location.href, { type: "application/octet-stream", bytes });
}

/** Puts a manifest or an index into a registry under a tag or digest. */
export async function pushManifest(
  target: PushTarget,
  { reference, mediaType, bytes }: { reference: string; mediaType: string; bytes: Uint8Array },
): Promise<void> {
  const url = `http://${target.host}/v2/${target.repository}/manifests/${reference}`;
  await request(target, "PUT", url, { type: mediaType, bytes });
}

async function request(
  { authorization }: PushTarget,
  method: string,
  url: string,
  body?: { type: string; bytes: Uint8Array },
): Promise<Response> {
  const response = await fetch(url, {
    method,
    headers: { ...(authorization ? { authorization } : {}), ...(body ? { "content-type": body.type } : {}) },
    ...(body ? { body: Buffer.from(body.bytes) } : {}),
  });
  if (!response.ok) throw new Error(`${method} ${url}: ${response.status} ${await response.text()}`);
  return response;
}

function tarOf(layer: string | Uint8Array): Uint8Array {
  if (typeof layer !== "string") return layer;
  const options = ["--sort=name", "--numeric-owner", "--xattrs", "--format=pax"];
  return execFileSync("tar", ["-C", layer, ...options, "-cf", "-", "."], { maxBuffer: 2 ** 30 });
}

/** The digest of some bytes: "sha256:HEX". */
export function digestOf(bytes: Uint8Array): string {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}
