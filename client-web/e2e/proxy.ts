//! A proxy of the kind that passes requests but no WebSockets: it hangs up on whoever asks for an upgrade.

import { connect, createServer, type Server, type Socket } from "node:net";

const UPGRADE = /\r\nupgrade: *websocket\r\n/i;

export class BlockingProxy {
  /** Whether it hangs up on upgrades. WebSockets that are open already stay open. */
  blocksUpgrades = true;
  blocked = 0;
  private readonly sockets = new Set<Socket>();

  private constructor(
    private readonly server: Server,
    readonly origin: string,
  ) {}

  /** Opens one in front of a server on this machine that speaks plain HTTP. */
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
      // A browser sends the head of a request in one piece.
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
