# In the style of transformers' run_glue.py.
import math
import sys
from dataclasses import dataclass

from standins.hf import HfArgumentParser, Trainer, TrainingArguments


@dataclass
class ModelArguments:
    model_name_or_path: str = "bert-base-cased"


@dataclass
class DataTrainingArguments:
    task_name: str = "mrpc"
    final_eval: bool = False


class BertForSequenceClassification:
    def __init__(self, args):
        self.rate = args.learning_rate / 5e-5 * math.sqrt(16 / args.per_device_train_batch_size)
        self.epoch = 0

    def training_loss(self):
        return 0.65 * math.exp(-0.9 * self.rate * self.epoch) + 0.05

    def evaluate(self):
        overfit = self.rate * max(0, self.epoch - 1) ** 1.5
        loss = 0.4 + 0.25 * math.exp(-1.2 * self.rate * self.epoch) + 0.045 * overfit
        correct = round(408 * (0.88 - 0.3 * math.exp(-1.1 * self.rate * self.epoch) - 0.03 * overfit))
        return {"loss": loss, "accuracy": correct / 408}


def main():
    parser = HfArgumentParser((ModelArguments, DataTrainingArguments, TrainingArguments))
    model_args, data_args, training_args = parser.parse_args_into_dataclasses()
    print(f"Training/evaluation parameters {training_args}", file=sys.stderr)

    model = BertForSequenceClassification(training_args)
    trainer = Trainer(model=model, args=training_args, train_size=96, eval_size=32)

    metrics = trainer.train()
    trainer.log_metrics("train", metrics)

    if data_args.final_eval:
        metrics = trainer.evaluate()
        trainer.log_metrics("eval", metrics)
        print(metrics)


if __name__ == "__main__":
    main()
