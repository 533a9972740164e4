// Reads the live stream of hackai_dashboard/stream.py: 4 bytes length, a JSON header, as many bytes as header.jpeg says.

const RETRY_MS = 1500;
// Parts come at least once a second; a connection that is silent for longer is dead.
const SILENT_MS = 6000;

/** Cut a stream of bytes into parts; `feed(bytes)` yields `[header, jpeg]`. */
export class Parts {
  #rest = new Uint8Array(0);

  *feed(bytes) {
    const joined = new Uint8Array(this.#rest.length + bytes.length);
    joined.set(this.#rest);
    joined.set(bytes, this.#rest.length);
    let at = 0;
    while (joined.length - at >= 4) {
      const length = new DataView(joined.buffer, at).getUint32(0);
      if (joined.length - at < 4 + length) break;
      const header = JSON.parse(new TextDecoder().decode(joined.subarray(at + 4, at + 4 + length)));
      const end = at + 4 + length + header.jpeg;
      if (joined.length < end) break;
      yield [header, joined.slice(at + 4 + length, end)];
      at = end;
    }
    this.#rest = joined.slice(at);
  }
}

/** Follow the stream for ever, over lost connections; `on.part(header, jpeg)`, `on.lost()`, `on.found()`. */
export async function follow(url, on) {
  for (;;) {
    const cut = new AbortController();
    let alive;
    const living = () => { clearTimeout(alive); alive = setTimeout(() => cut.abort(), SILENT_MS); };
    try {
      living();
      const answer = await fetch(url, { signal: cut.signal, cache: "no-store" });
      if (answer.status === 401) { location.assign(`/login?next=${encodeURIComponent(location.pathname)}`); return; }
      if (!answer.ok) throw new Error(String(answer.status));
      on.found();
      const reader = answer.body.getReader();
      const parts = new Parts();
      for (;;) {
        const { done, value } = await reader.read();
        if (done) break;
        living();
        for (const [header, jpeg] of parts.feed(value)) {
          if (header.type === "end") { location.assign(`/login?next=${encodeURIComponent(location.pathname)}`); return; }
          on.part(header, jpeg);
        }
      }
    } catch { /* the network, the box or the service is away */ }
    clearTimeout(alive);
    on.lost();
    await new Promise((again) => setTimeout(again, RETRY_MS));
  }
}
