//! A proxy that passes requests but blocks WebSockets: it closes connections that ask for an upgrade.

import { connect, createServer, type Server, type Socket } from "node:net";

const UPGRADE = /\r\nupgrade: *websocket\r\n/i;

export class BlockingProxy {
  /** Whether upgrades are blocked. Open WebSockets stay open. */
  blocksUpgrades = true;
  blocked = 0;
  private readonly sockets = new Set<Socket>();

  private constructor(
    private readonly server: Server,
    readonly origin: string,
  ) {}

  /** Starts a proxy in front of a plain HTTP server on this machine. */
  static async open(port: number): Promise<BlockingProxy> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    if (typeof address !== "object" || address === null) throw new Error("the proxy has no port");
    const proxy = new BlockingProxy(server, `http://127.0.0.1:${address.port}`);
    server.on("connection", (client) => proxy.pass(client, connect(port, "127.0.0.1")));
    return proxy;
  }

  private pass(client: Socket, server: Socket): void {
    for (const [from, to] of [
      [client, server],
      [server, client],
    ]) {
      this.sockets.add(from);
      from.setNoDelay(true);
      from.on("error", () => to.destroy());
      from.on("close", () => {
        this.sockets.delete(from);
        to.destroy();
      });
    }
    server.on("data", (bytes) => client.write(bytes));
    client.on("data", (bytes) => {
      // Browsers send a request's head in one segment.
      if (this.blocksUpgrades && UPGRADE.test(bytes.toString("latin1"))) {
        this.blocked += 1;
        client.destroy();
      } else server.write(bytes);
    });
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.server.close(resolve));
    for (const socket of this.sockets) socket.destroy();
    await closed;
  }
}
