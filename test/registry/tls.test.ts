import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { connect, createServer as createTcpServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TLSSocket } from "node:tls";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { loadCertificates } from "../../src/registry/certificates.ts";
import { connectRegistry } from "../../src/registry/client.ts";
import { startServer } from "./fake-registry.ts";

const settings = { insecure: false, credentials: undefined, retry: { retries: 0, delayMs: 1 } };
let folder: string;
let server: Server;
let host: string;
const clients: (string | undefined)[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "dhow-tls-"));
  makeCertificates(folder);
  const read = (name: string) => readFileSync(join(folder, name));
  server = createServer(
    {
      key: read("server.key"),
      cert: read("server.crt"),
      ca: read("ca.crt"),
      requestCert: true,
      rejectUnauthorized: false,
    },
    (request, response) => {
      const socket = request.socket as TLSSocket;
      clients.push(socket.authorized ? (socket.getPeerCertificate().subject.CN as string) : undefined);
      response.end("{}");
    },
  );
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
  rmSync(folder, { recursive: true, force: true });
});
afterEach(() => vi.unstubAllEnvs());

function makeCertificates(cwd: string): void {
  const openssl = (...args: string[]) => execFileSync("openssl", args, { cwd, stdio: "pipe" });
  openssl(
    "req",
    "-x509",
    "-newkey",
    "rsa:2048",
    "-nodes",
    "-days",
    "2",
    "-subj",
    "/CN=test authority",
    "-keyout",
    "ca.key",
    "-out",
    "ca.crt",
  );
  writeFileSync(join(cwd, "names"), "subjectAltName=IP:127.0.0.1\n");
  for (const name of ["server", "client"]) {
    openssl(
      "req",
      "-newkey",
      "rsa:2048",
      "-nodes",
      "-subj",
      `/CN=test ${name}`,
      "-keyout",
      `${name}.key`,
      "-out",
      `${name}.csr`,
    );
    openssl(
      "x509",
      "-req",
      "-in",
      `${name}.csr`,
      "-CA",
      "ca.crt",
      "-CAkey",
      "ca.key",
      "-CAcreateserial",
      "-days",
      "2",
      "-extfile",
      "names",
      "-out",
      `${name}.crt`,
    );
  }
}

async function ping(registry: string, options: Partial<Parameters<typeof connectRegistry>[1]> = {}): Promise<void> {
  await (await connectRegistry(registry, { ...settings, ...options })).close();
}

/** A certs.d folder with these files, each a copy of another. */
function certsFolder(name: string, files: Record<string, string>): string {
  const path = join(folder, name);
  mkdirSync(path, { recursive: true });
  for (const [file, source] of Object.entries(files)) copyFileSync(join(folder, source), join(path, file));
  return path;
}

describe("TLS", () => {
  it("refuses an authority that nobody trusts, and says what to do", async () => {
    const error = (await ping(host).catch((thrown: unknown) => thrown)) as Error & { hint: string; cause: Error };
    expect(error.cause.message).toContain("x509: certificate signed by unknown authority");
    expect(error.hint).toContain(`certs.d/${host}/ca.crt`);
  });

  it("trusts the authority in --cert-dir", async () => {
    await ping(host, { certDir: certsFolder("ca-only", { "ca.crt": "ca.crt" }) });
  });

  it("trusts the authority in the user's certs.d folder of the registry, and shows the client certificate there", async () => {
    certsFolder(`home/.config/containers/certs.d/${host}`, {
      "ca.crt": "ca.crt",
      "me.cert": "client.crt",
      "me.key": "client.key",
    });
    vi.stubEnv("HOME", join(folder, "home"));
    clients.length = 0;
    await ping(host);
    expect(clients).toEqual(["test client"]);
  });

  it("trusts what SSL_CERT_FILE names", async () => {
    vi.stubEnv("SSL_CERT_FILE", join(folder, "ca.crt"));
    await ping(host);
  });

  it("refuses a certificate for another name", async () => {
    const other = host.replace("127.0.0.1", "localhost");
    const error = (await ping(other, { certDir: certsFolder("ca-only", { "ca.crt": "ca.crt" }) }).catch(
      (thrown: unknown) => thrown,
    )) as { cause: Error };
    expect(error.cause.message).toMatch(/certificate is not valid for localhost/);
  });

  it("goes on with --tls-verify=false", async () => {
    await ping(host, { insecure: true });
  });

  it("refuses redirects to plain http, but for --tls-verify=false", async () => {
    await using plain = await startServer((_, response) => response.end("{}"));
    const own = createServer(
      { key: readFileSync(join(folder, "server.key")), cert: readFileSync(join(folder, "server.crt")) },
      (_, response) => response.writeHead(302, { location: `http://${plain.host}/` }).end(),
    );
    await new Promise<void>((resolve) => own.listen(0, "127.0.0.1", resolve));
    const ownHost = `127.0.0.1:${(own.address() as AddressInfo).port}`;
    const error = (await ping(ownHost, { certDir: certsFolder("ca-only", { "ca.crt": "ca.crt" }) }).catch(
      (thrown: unknown) => thrown,
    )) as { kind: string };
    expect(error.kind).toBe("permission-denied");
    expect(plain.requests).toHaveLength(0);
    await ping(ownHost, { insecure: true });
    expect(plain.requests).toHaveLength(1);
    own.closeAllConnections();
    own.close();
  });
});

describe("proxies", () => {
  it("carry https through a tunnel and plain http as it is", async () => {
    const tunnels: string[] = [];
    const proxy = createTcpServer((socket) => {
      socket.on("error", () => {});
      socket.once("data", (head) => {
        const [line = ""] = head.toString("latin1").split("\r\n");
        tunnels.push(line);
        if (!line.startsWith("CONNECT ")) {
          socket.end("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}");
          return;
        }
        const target = connect(Number(host.split(":")[1]), "127.0.0.1", () => {
          socket.write("HTTP/1.1 200 OK\r\n\r\n");
          socket.pipe(target).pipe(socket);
        });
        target.on("error", () => socket.destroy());
      });
    });
    await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
    vi.stubEnv("HTTPS_PROXY", url);
    await ping("registry.invalid", { insecure: true });
    expect(tunnels).toEqual(["CONNECT registry.invalid:443 HTTP/1.1"]);
    vi.stubEnv("HTTPS_PROXY", "");
    vi.stubEnv("HTTP_PROXY", url);
    await ping("registry.invalid", { insecure: true });
    expect(tunnels.at(-1)).toBe("GET http://registry.invalid/v2/ HTTP/1.1");
    proxy.close();
  });
});

describe("loadCertificates()", () => {
  it("refuses client certificates that are not in pairs, and a --cert-dir that is not there", () => {
    expect(() => loadCertificates("r", certsFolder("no-key", { "a.cert": "client.crt" }))).toThrow(
      /missing key a\.key/,
    );
    expect(() => loadCertificates("r", certsFolder("no-cert", { "a.key": "client.key" }))).toThrow(
      /missing client certificate a\.cert/,
    );
    expect(() => loadCertificates("r", join(folder, "nowhere"))).toThrow(/does not exist/);
  });
});
