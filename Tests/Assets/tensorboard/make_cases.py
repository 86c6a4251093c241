"""python make_cases.py CASE: writes the event files of a case below $SWEEP_TENSORBOARD. In the files' names host and process were changed afterwards."""
import os, sys, time
d, case = os.environ["SWEEP_TENSORBOARD"], sys.argv[1]
if case == "lightning":
    import torch, lightning as L
    from lightning.pytorch.loggers import TensorBoardLogger
    from torch.utils.data import DataLoader, TensorDataset
    class Model(L.LightningModule):
        def __init__(self, lr=0.1): super().__init__(); self.save_hyperparameters(); self.l = torch.nn.Linear(2, 1)
        def step(self, b): return self.l(b[0]).pow(2).mean()
        def training_step(self, b, i): x = self.step(b); self.log("train_loss", x, on_step=True, on_epoch=True); return x
        def validation_step(self, b, i): self.log("val_acc", self.step(b))
        def test_step(self, b, i): self.log("test_acc", self.step(b))
        def configure_optimizers(self): return torch.optim.SGD(self.parameters(), lr=self.hparams.lr)
    L.seed_everything(1)
    data = DataLoader(TensorDataset(torch.randn(64, 2)), batch_size=2)
    t = L.Trainer(default_root_dir=d, logger=TensorBoardLogger(d), accelerator="cpu", max_epochs=2, limit_train_batches=4, limit_val_batches=2, limit_test_batches=2, log_every_n_steps=2, enable_checkpointing=False, enable_progress_bar=False, enable_model_summary=False)
    m = Model(); t.fit(m, data, data); time.sleep(1.1); t.test(m, data)
elif case == "keras":
    import keras, numpy as np
    keras.utils.set_random_seed(1)
    x = np.random.rand(32, 3).astype("float32"); y = (x.sum(1) > 1.5).astype("float32")
    m = keras.Sequential([keras.layers.Input((3,)), keras.layers.Dense(1, activation="sigmoid")])
    m.compile(keras.optimizers.SGD(1.0), "binary_crossentropy", metrics=["accuracy"])
    m.fit(x, y, epochs=3, batch_size=8, verbose=0, validation_data=(x, y), callbacks=[keras.callbacks.TensorBoard(d)])
else:
    from torch.utils.tensorboard import SummaryWriter
    if case == "hparams":
        with SummaryWriter(d) as w:
            for i in range(3): w.add_scalar("loss", 1 / (i + 1), i)
            w.add_hparams({"lr": 0.1, "optimizer": "sgd"}, {"hparam/accuracy": 0.9, "loss": 0.25})
    elif case == "reopened":
        for e in range(3):
            with SummaryWriter(d) as w:
                for i in range(2): w.add_scalar("loss", 1 / (2 * e + i + 1), 2 * e + i)
                w.add_scalar("accuracy", (e + 1) / 4, e)
            time.sleep(1.1)
    elif case == "rivals" and len(sys.argv) == 2:
        import subprocess
        ps = [subprocess.Popen([sys.executable, __file__, case, str(r)]) for r in (0, 1)]; [p.wait() for p in ps]
    else:
        r = int(sys.argv[2]); time.sleep(r * 0.2 + 1 - time.time() % 1)
        with SummaryWriter(d) as w:
            for i in range(4): w.add_scalar("loss", 10 * r + i, i); time.sleep(0.4)
