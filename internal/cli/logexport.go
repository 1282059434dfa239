package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
)

// export writes each stream of the named to a plain file of its own in a folder: web.1.out.log. It writes over nothing; a
// file that could not be written whole is removed.
func (l Logs) export(ctx context.Context, k *Kitt, where url.Values, q logQuery) error {
	sources, err := l.sources(ctx, k, where)
	if err != nil {
		return err
	}
	dir := l.Export
	if !filepath.IsAbs(dir) {
		dir = filepath.Join(k.Cwd, dir)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("export logs: %w", err)
	}
	files, bytes := 0, int64(0)
	var troubles []error
	for _, s := range sources {
		for _, stream := range []string{"out", "err"} {
			if stream == "out" && !q.Out || stream == "err" && !q.Err {
				continue
			}
			path := filepath.Join(dir, strings.ReplaceAll(s.ID, "/", "%2F")+"."+stream+".log")
			n, broken, err := exportStream(ctx, s, stream, q, path)
			if err != nil {
				return err
			}
			files, bytes = files+1, bytes+n
			troubles = append(troubles, broken)
		}
	}
	k.note("wrote %s, %s, to %s", count(files, "file", "files"), size(bytes), dir)
	return errors.Join(troubles...)
}

// exportStream writes one stream. broken is what of the store cannot be read: the rest is there; err: there is no file.
func exportStream(ctx context.Context, s logSource, stream string, q logQuery, path string) (n int64, broken, err error) {
	q.Out, q.Err = stream == "out", stream == "err"
	reader, err := openLogs([]logSource{s}, q)
	if err != nil {
		return 0, nil, err
	}
	defer reader.Close()
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, os.ErrExist) {
		return 0, nil, &trouble{text: "export logs: " + path + " is there already", hint: "name a folder that is not there yet", code: codeFailed}
	}
	if err != nil {
		return 0, nil, fmt.Errorf("export logs: %w", err)
	}
	w := bufio.NewWriterSize(f, 256<<10)
	var failed error
	broken = reader.Read(ctx, func(line logLine) error {
		n += int64(len(line.Text))
		_, failed = w.Write(line.Text)
		return failed
	})
	if failed == nil {
		failed = w.Flush()
	}
	if ctx.Err() != nil {
		failed = ctx.Err()
	}
	if err := errors.Join(failed, f.Close()); err != nil {
		_ = os.Remove(path)
		if failed != nil {
			err = failed
		}
		return 0, nil, fmt.Errorf("export logs: %w", err)
	}
	return n, broken, nil
}
