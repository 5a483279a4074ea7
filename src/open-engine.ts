import { resolve } from "node:path";
import type { Engine, GlobalOptions } from "./engine.ts";
import { currentUserId } from "./rootless/user.ts";
import { withAdditionalImages } from "./storage/additional-images.ts";
import { findAdditionalPlaces } from "./storage/additional-places.ts";
import { type AdditionalStore, openAdditionalStores } from "./storage/additional-stores.ts";
import { artifactsSchema, openArtifacts } from "./storage/artifacts.ts";
import { openBlobs } from "./storage/blobs.ts";
import { buildCacheSchema, openBuildCache } from "./storage/build-cache.ts";
import { checkDriverName, chooseDriver } from "./storage/choose-driver.ts";
import { containersSchema, openContainers } from "./storage/containers.ts";
import { openDatabase } from "./storage/database.ts";
import { openEventJournal } from "./storage/events.ts";
import { imagesSchema, openImages } from "./storage/images.ts";
import { layersSchema, openLayers } from "./storage/layers.ts";
import { leasesSchema, openLeases } from "./storage/leases.ts";
import { locksSchema, openLocks } from "./storage/locks.ts";
import { manifestListsSchema, openManifestLists } from "./storage/manifest-lists.ts";
import { networkLeasesSchema } from "./storage/network-leases.ts";
import { networksSchema, openNetworks } from "./storage/networks.ts";
import { openPods, podsSchema } from "./storage/pods.ts";
import { openSecrets, secretsSchema } from "./storage/secrets.ts";
import { openVolumes, volumesSchema } from "./storage/volumes.ts";
import { getVariable } from "./system/environment.ts";
import { ensurePrivateDirectory } from "./system/files.ts";
import { locatePaths } from "./system/paths.ts";

const schemas = [
  ...[locksSchema, leasesSchema, layersSchema, imagesSchema, manifestListsSchema, artifactsSchema],
  ...[
    containersSchema,
    volumesSchema,
    secretsSchema,
    podsSchema,
    buildCacheSchema,
    networksSchema,
    networkLeasesSchema,
  ],
];

export interface EngineOptions {
  readonly globals: GlobalOptions;
  /** Shows a warning to the user. */
  warn(message: string): void;
}

/**
 * The engine of this invocation. Nothing is opened, and no folder made, before it is asked for.
 * @throws {DhowError} `invalid-argument` if the flags or the environment force a storage driver that does not exist.
 */
export function openEngine({ globals, warn }: EngineOptions): Engine {
  const forced = forcedDriver(globals);
  if (forced !== undefined) checkDriverName(forced);
  const paths = lazy(() => locatePaths({ ...absolute("data", globals.root), ...absolute("run", globals.runroot) }));
  const database = lazy(() => {
    ensurePrivateDirectory(paths().data);
    return openDatabase(`${paths().data}/state.db`, schemas);
  });
  const locks = lazy(() => openLocks(database()));
  const leases = lazy(() => openLeases(database()));
  const additional = lazy(() => findAdditionalStores({ globals, warn }, paths().data));
  const blobs = lazy(() => openBlobs(paths().data, leases(), () => additional().map(({ directory }) => directory)));
  const rootfs = lazy(() => {
    ensurePrivateDirectory(paths().data);
    return chooseDriver(paths().data, forced);
  });
  const layers = lazy(() => {
    const kind = rootfs().name === "vfs" ? "merged" : "overlay";
    return openLayers({
      ...{ dataDirectory: paths().data, database: database(), locks: locks(), leases: leases(), kind },
      findElsewhere: (chainId, wanted) => firstDefined(additional(), (store) => store.findLayer(chainId, wanted)),
    });
  });
  const images = lazy(() =>
    withAdditionalImages(openImages({ database: database(), blobs: blobs(), layers }), additional),
  );
  const manifestLists = lazy(() => openManifestLists(database()));
  const artifacts = lazy(() => openArtifacts(database(), blobs()));
  const containers = lazy(() =>
    openContainers({
      ...{ paths: paths(), database: database(), locks: locks() },
      isImageElsewhere: (id) => additional().some((store) => store.images.find(id) !== undefined),
    }),
  );
  const pods = lazy(() => openPods({ database: database(), locks: locks() }));
  const volumes = lazy(() =>
    openVolumes({ dataDirectory: paths().data, database: database(), locks: locks(), leases: leases() }),
  );

  const secrets = lazy(() => openSecrets(paths().data, database()));
  const networks = lazy(() => openNetworks(database()));
  const buildCache = lazy(() => openBuildCache(database()));
  const events = lazy(() => openEventJournal({ dataDirectory: paths().data, database }));

  return withParts(
    { globals, warn },
    {
      paths,
      database,
      locks,
      leases,
      blobs,
      layers,
      images,
      manifestLists,
      artifacts,
      containers,
      pods,
      volumes,
      secrets,
      networks,
      buildCache,
      events,
      rootfs,
    },
  );
}

type Parts = { readonly [Name in keyof Omit<Engine, "globals" | "warn">]: () => Engine[Name] };

/** Each part is made when it is first asked for. */
function withParts(given: Pick<Engine, "globals" | "warn">, parts: Parts): Engine {
  const engine = { ...given };
  for (const [name, get] of Object.entries(parts)) Object.defineProperty(engine, name, { get, enumerable: true });
  return engine as Engine;
}

function lazy<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}

function findAdditionalStores({ globals, warn }: EngineOptions, ownData: string): AdditionalStore[] {
  const { required, candidates } = findAdditionalPlaces(globals.storageOpts, currentUserId());
  const isOther = (path: string) => path !== ownData;
  return openAdditionalStores({
    required: required.map((path) => resolve(path)).filter(isOther),
    candidates: candidates.filter(isOther),
    warn,
  });
}

function firstDefined<Item, Found>(items: readonly Item[], look: (item: Item) => Found | undefined): Found | undefined {
  for (const item of items) {
    const found = look(item);
    if (found !== undefined) return found;
  }
  return undefined;
}

function absolute<Key extends string>(key: Key, path: string | undefined): { readonly [K in Key]?: string } {
  return (path === undefined ? {} : { [key]: resolve(path) }) as { readonly [K in Key]?: string };
}

function forcedDriver({ storageDriver }: GlobalOptions): string | undefined {
  return storageDriver ?? getVariable("DHOW_STORAGE_DRIVER") ?? getVariable("STORAGE_DRIVER");
}
