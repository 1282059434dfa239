# Opens its socket itself, with SO_REUSEPORT: any number of these run side by side, and each has a queue of its own. What
# waits in the queue of one that ends is reset, unless Linux moves it: sysctl net.ipv4.tcp_migrate_req=1. See docs/reload.md.
import os, select, signal, socket

listener = socket.socket()
listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
listener.bind(("127.0.0.1", int(os.environ.get("PORT", "3005"))))
listener.listen(128)
listener.setblocking(False)
woken, wake = socket.socketpair()
wake.setblocking(False)
signal.set_wakeup_fd(wake.fileno())
signal.signal(signal.SIGTERM, lambda *_: None)
print("listening", flush=True)

asked = False
while True:
    ready, _, _ = select.select([listener] if asked else [listener, woken], [], [], 0 if asked else None)
    if not ready:
        break  # the queue is empty
    asked = asked or woken in ready
    try:
        client, _ = listener.accept()
    except BlockingIOError:
        continue
    with client:
        client.setblocking(True)
        client.recv(4096)
        client.sendall(b"HTTP/1.0 200 OK\r\nConnection: close\r\n\r\nreuseport %d\n" % os.getpid())
