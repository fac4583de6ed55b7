//! Runs the release binary for a test, with separate port and directories, on the loopback only.

import { type ChildProcess, execFile, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";

const OPEN = /Driftbelt is open: (https?:\/\/\S+)/;
const START_MS = 60_000;

function binary(): string {
  const path = process.env.DRIFTBELT_SERVER;
  if (!path) throw new Error("DRIFTBELT_SERVER must name the server's release binary");
  return path;
}

export class Server {
  private constructor(
    private readonly child: ChildProcess,
    /** The page's origin, without a trailing slash. */
    readonly origin: string,
    readonly home: string,
    private readonly log: string[],
  ) {}

  get port(): number {
    return Number(new URL(this.origin).port);
  }

  get recordings(): string {
    return join(this.home, "recordings");
  }

  /** Starts a server and waits until it is open. `home` restarts an earlier one. */
  static async start(options: string[], home?: string, port = 0): Promise<Server> {
    const directory = home ?? (await mkdtemp(join(tmpdir(), "driftbelt-")));
    const recordings = join(directory, "recordings");
    const args = ["serve", "--host", "127.0.0.1", "--port", String(port), "--recordings", recordings];
    const child = spawn(binary(), [...args, "--data", directory, ...options], {
      cwd: directory,
      stdio: ["ignore", "ignore", "pipe"],
    });
    const log: string[] = [];
    const origin = await new Promise<string>((resolve, reject) => {
      const late = setTimeout(
        () => reject(new Error(`the server did not open:\n${log.join("\n")}`)),
        START_MS,
      );
      child.once("exit", (code) => reject(new Error(`the server ended with ${code}:\n${log.join("\n")}`)));
      createInterface({ input: child.stderr! }).on("line", (line) => {
        log.push(line);
        const address = OPEN.exec(line)?.[1];
        if (!address) return;
        clearTimeout(late);
        resolve(new URL(address).origin);
      });
    });
    return new Server(child, origin, directory, log);
  }

  /** Runs a server while `use` runs. */
  static async during(options: string[], use: (server: Server) => Promise<void>): Promise<void> {
    const server = await Server.start(options);
    try {
      await use(server);
    } finally {
      await server.dispose();
    }
  }

  /** Stops the server and returns its exit code. */
  async stop(): Promise<number | null> {
    if (this.child.exitCode !== null) return this.child.exitCode;
    const ended = new Promise<number | null>((resolve) => this.child.once("exit", resolve));
    this.child.kill("SIGTERM");
    return ended;
  }

  /** Hands over to a new process of the binary. */
  async handOver(): Promise<void> {
    const opened = () => this.log.filter((line) => OPEN.test(line)).length;
    const before = opened();
    this.child.kill("SIGUSR2");
    const until = performance.now() + START_MS;
    while (opened() === before) {
      if (performance.now() > until) throw new Error(`nobody took over:\n${this.output}`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  /** Kills the server (SIGKILL). */
  async kill(): Promise<void> {
    const ended = new Promise((resolve) => this.child.once("exit", resolve));
    this.child.kill("SIGKILL");
    await ended;
  }

  async dispose(): Promise<void> {
    await this.stop();
    await rm(this.home, { recursive: true, force: true });
  }

  get output(): string {
    return this.log.join("\n");
  }
}

/** A port on the loopback that nobody uses. */
export async function freePort(): Promise<number> {
  const listener = createServer();
  await new Promise<void>((resolve) => listener.listen(0, "127.0.0.1", resolve));
  const address = listener.address();
  await new Promise((resolve) => listener.close(resolve));
  if (typeof address !== "object" || address === null) throw new Error("no port is free");
  return address.port;
}

/** Runs another command of the binary and returns what it prints. */
export async function command(...args: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(binary(), args);
  return stdout;
}
