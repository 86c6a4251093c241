# In the style of nanoGPT's train.py: globals, a configurator, iterations instead of epochs.
import math
import sys
from ast import literal_eval

out_dir = "out"
eval_interval = 20
log_interval = 5
max_iters = 80
dataset = "shakespeare_char"
batch_size = 12
n_layer = 6
n_embd = 384
dropout = 0.2
learning_rate = 1e-3
warmup_iters = 10
compile = True

for arg in sys.argv[1:]:
    key, val = arg.removeprefix("--").split("=")
    if key not in globals():
        raise ValueError(f"Unknown config key: {key}")
    try:
        attempt = literal_eval(val)
    except (SyntaxError, ValueError):
        attempt = val
    print(f"Overriding: {key} = {attempt}")
    globals()[key] = attempt

capacity = n_layer * n_embd / 2304


def losses(iter_num):
    progress = learning_rate * 1e3 * max(0, iter_num - warmup_iters / 2) / 20
    train = 2.9 * math.exp(-progress) + 1.35 / math.sqrt(capacity)
    val = train + 0.1 + 0.05 * capacity * (1 - dropout) * progress**2
    return train, val


tokens_per_iter = batch_size * 256
print(f"tokens per iteration will be: {tokens_per_iter:,}")
print(f"number of parameters: {10.65 * capacity:.2f}M")
print("using fused AdamW: False")

best_val_loss = 1e9
for iter_num in range(max_iters + 1):
    train_loss, val_loss = losses(iter_num)
    if iter_num % eval_interval == 0:
        print(f"step {iter_num}: train loss {train_loss:.4f}, val loss {val_loss:.4f}")
        if val_loss < best_val_loss:
            best_val_loss = val_loss
            if iter_num > 0:
                print(f"saving checkpoint to {out_dir}")
    if iter_num % log_interval == 0:
        print(f"iter {iter_num}: loss {train_loss + 0.002:.4f}, time 12.31ms, mfu {-100 if iter_num < 5 else 3.42:.2f}%")
