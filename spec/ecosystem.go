package spec
import "context"
func (r *reading) ecosystemJSON(ctx context.Context, eval Eval, file, text string) {}
func (r *reading) ecosystemYAML(file, text string) {}
func (r *reading) ecosystemJS(ctx context.Context, eval Eval, file, text string) {}
