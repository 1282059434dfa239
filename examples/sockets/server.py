# Serves HTTP on the socket that kitt holds, descriptor 3, and tells its pid. See docs/reload.md.
import os, selectors, signal, socket

listener = socket.socket(fileno=3)
listener.setblocking(False)  # another instance may have been faster
woken, wake = socket.socketpair()
wake.setblocking(False)
signal.set_wakeup_fd(wake.fileno())
signal.signal(signal.SIGTERM, lambda *_: None)

wait = selectors.DefaultSelector()
wait.register(listener, selectors.EVENT_READ)
wait.register(woken, selectors.EVENT_READ)
while True:
    ready = [key.fileobj for key, _ in wait.select()]
    if woken in ready:
        break  # who comes now waits in kitt's queue
    try:
        client, _ = listener.accept()
    except BlockingIOError:
        continue
    with client:
        client.setblocking(True)
        client.recv(4096)
        client.sendall(b"HTTP/1.0 200 OK\r\nConnection: close\r\n\r\npython %d\n" % os.getpid())
