"""What the trainings of both adapters share: evaluation, progress, and the arguments of the Trainer.

The Trainer of transformers (and TRL's, which is built on it) does the work. Nothing here depends on the clock or on the
order in which files are listed: on a CPU a training that was killed and resumed gives the same tensors as one that was
not.
"""

from __future__ import annotations

import math
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal

import torch
from peft import LoraConfig, get_peft_model
from peft.tuners.lora import LoraLayer
from tqdm import tqdm
from transformers import EarlyStoppingCallback, PrinterCallback, TrainerCallback

from grader.modeling import fuse_norms, load_base, pick_device, pick_dtype
from train.batches import LengthSampler
from train.low_rank import fuse_adapters
from train.memory import cut

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from grader.adapters import Kind
    from train.config import Recipe
    from train.encoding import Row
    from train.job import Figures, Job

LINES_BETWEEN_EVALUATIONS = 5


class OwnTrainer:
    """Mixed into a Trainer: the order of the rows, the evaluation and the callbacks are ours."""

    def settle(
        self, rows: Sequence[Row], job: Job, measure: Callable[[Any], Figures], callbacks: Sequence[TrainerCallback]
    ) -> None:
        """Give it what is ours; ``measure`` gives the validation figures of a model."""
        trainer: Any = self
        self._measure = measure
        size = job.recipe.batch * job.recipe.accumulate
        self._order = LengthSampler([len(row.input_ids) for row in rows], size, job.recipe.seed)
        trainer.remove_callback(PrinterCallback)
        for callback in (*callbacks, *job.callbacks):
            trainer.add_callback(callback)

    def train(self, *arguments: Any, **options: Any) -> Any:
        """Train, with adapters that cast nothing where the Trainer's autocast does it."""
        library: Any = super()
        trainer: Any = self
        with casting(trainer.model, on=not (trainer.args.bf16 or trainer.args.fp16)):
            return library.train(*arguments, **options)

    def _get_train_sampler(self, *_: Any) -> LengthSampler:
        return self._order

    def evaluate(self, *_: Any, **__: Any) -> dict[str, float | None]:
        """The validation figures, prefixed as the Trainer wants them; draws no random number."""
        trainer: Any = self
        metrics = {f"eval_{name}": value for name, value in self._measure(trainer.model).items()}
        trainer.log(dict(metrics))
        trainer.control = trainer.callback_handler.on_evaluate(trainer.args, trainer.state, trainer.control, metrics)
        return metrics


class Progress(TrainerCallback):
    """A bar, and a line for every loss and every evaluation, on stderr."""

    def __init__(self, what: str) -> None:
        self.what = what
        self.bar: Any = None

    def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Open the bar where the training stands."""
        self.bar = tqdm(total=state.max_steps, initial=state.global_step, desc=self.what, unit="step", disable=None)

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """One step on."""
        self.bar.update()

    def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **kwargs: Any) -> None:
        """Say loss and learning rate, or the figures of an evaluation."""
        logs = logs or {}
        figures = {name.removeprefix("eval_"): value for name, value in logs.items() if name.startswith("eval_")}
        if "loss" in logs:
            figures = {"loss": logs["loss"], "learning rate": logs["learning_rate"]}
        if figures:
            place = f"{self.what} step {state.global_step} of {state.max_steps}" + (
                "" if "loss" in logs else ", validation"
            )
            said = ", ".join(f"{name.replace('_', ' ')} {value:.4g}" for name, value in figures.items())
            tqdm.write(f"{place}: {said}", file=sys.stderr)

    def on_train_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Close the bar."""
        self.bar.close()


class EvaluateLast(TrainerCallback):
    """The last step is evaluated and saved too, wherever it falls."""

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Ask for it."""
        if state.global_step >= state.max_steps:
            control.should_evaluate = control.should_save = True


class StopEarly(EarlyStoppingCallback):
    """Stops when the validation metric no longer gets better; a training that was killed just then stops at once."""

    def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Stop again if the patience was at its end when the checkpoint was written."""
        super().on_train_begin(args, state, control, **kwargs)  # type: ignore[no-untyped-call]
        if self.early_stopping_patience_counter >= self.early_stopping_patience:
            control.should_training_stop = True


def callbacks(job: Job) -> list[TrainerCallback]:
    """The callbacks of every training."""
    return [EvaluateLast(), StopEarly(early_stopping_patience=job.recipe.patience), Progress(job.kind)]


@contextmanager
def evaluating(model: Any) -> Iterator[None]:
    """Without dropout and gradients; afterwards the model is as it was."""
    was = model.training
    model.eval()
    try:
        with torch.no_grad(), casting(model, on=True):
            yield
    finally:
        model.train(was)


@contextmanager
def casting(model: Any, *, on: bool) -> Iterator[None]:
    """Whether adapters cast what they read to their own float32; afterwards it is as it was.

    They must where nothing else does. Under autocast the products cast what they need, and casting before makes
    float32 copies of every layer's input, for dropout to read and write.
    """
    adapters: list[Any] = [part for part in model.modules() if isinstance(part, LoraLayer)]
    before = [part.cast_input_dtype_enabled for part in adapters]
    for part in adapters:
        part.cast_input_dtype_enabled = on
    try:
        yield
    finally:
        for part, was in zip(adapters, before, strict=True):
            part.cast_input_dtype_enabled = was


def quantization_of(recipe: Recipe, device: torch.device) -> Literal["nf4"] | None:
    """How the base is stored: as the recipe says, and where it is silent in NF4 on CUDA and whole on a CPU."""
    chosen = recipe.quantization or ("nf4" if device.type == "cuda" else "none")
    return "nf4" if chosen == "nf4" else None


def bare_base(kind: Kind, recipe: Recipe, dtype: torch.dtype, device: torch.device) -> Any:
    """The base that the recipe names, stored as it says, without an adapter."""
    base = load_base(
        kind,
        recipe.base,
        quantization=quantization_of(recipe, device),
        dtype=dtype,
        device=device,
        revision=recipe.revision,
    )
    if device.type == "cuda":
        fuse_norms(base)
    return base


def lora(recipe: Recipe, **more: Any) -> LoraConfig:
    """The adapter that the recipe describes; ``more`` says where it goes."""
    return LoraConfig(r=recipe.rank, lora_alpha=recipe.lora_alpha, lora_dropout=recipe.dropout, bias="none", **more)


def adapt(base: Any, config: LoraConfig) -> Any:
    """The base with a fresh adapter, whose layers add it in one product."""
    adapted = get_peft_model(base, config)
    fuse_adapters(adapted)
    return adapted


def steps_between(recipe: Recipe, rows: int) -> int:
    """After how many optimiser steps the training is evaluated and saved."""
    total = math.ceil(math.ceil(rows / recipe.batch / recipe.accumulate) * recipe.epochs)
    every = recipe.evaluate_every if recipe.evaluate_every >= 1 else recipe.evaluate_every * total
    return max(1, min(round(every), total))


def trainer_options(job: Job, rows: Sequence[Row], model: Any, *, read: int = 0) -> dict[str, Any]:
    """The arguments that ``TrainingArguments`` and TRL's ``SFTConfig`` share, for a model that is loaded.

    At most ``read`` positions of a row have logits over the vocabulary.
    """
    recipe, device, every = job.recipe, pick_device(), steps_between(job.recipe, len(rows))
    dtype, cuda = pick_dtype(device, job.kind), device.type == "cuda"
    batch, accumulate, again = cut(device, model, rows, recipe.batch, recipe.accumulate, read=read, dtype=dtype)
    return {
        "output_dir": str(job.checkpoints),
        "num_train_epochs": recipe.epochs,
        "per_device_train_batch_size": batch,
        "gradient_accumulation_steps": accumulate,
        "learning_rate": recipe.lr,
        "lr_scheduler_type": recipe.schedule if recipe.schedule != "constant" else "constant_with_warmup",
        "warmup_steps": recipe.warmup,
        "weight_decay": recipe.weight_decay,
        # The 8-bit optimisers of bitsandbytes need CUDA.
        "optim": recipe.optimizer if cuda else "adamw_torch",
        "bf16": dtype == torch.bfloat16,
        "fp16": dtype == torch.float16,
        "gradient_checkpointing": again,
        "gradient_checkpointing_kwargs": {"use_reentrant": False} if again else None,
        "use_cpu": not cuda,
        "dataloader_pin_memory": cuda,
        "eval_strategy": "steps",
        "eval_steps": every,
        "save_strategy": "steps",
        "save_steps": every,
        "save_total_limit": 2,
        "load_best_model_at_end": True,
        "restore_callback_states_from_checkpoint": True,
        "logging_steps": max(1, every // LINES_BETWEEN_EVALUATIONS),
        "disable_tqdm": True,  # the bar is our own
        "report_to": job.report_to,
        "seed": recipe.seed,
        "label_names": ["labels"],
        "remove_unused_columns": False,
    }
