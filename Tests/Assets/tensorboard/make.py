"""Makes events.out.tfevents.example, what the writer of tensorboard 2.21.0 writes: python make.py (needs tensorboard and numpy)."""

import glob
import os
import shutil
import struct
import tempfile

import numpy
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary, SummaryMetadata
from tensorboard.compat.proto.tensor_pb2 import TensorProto
from tensorboard.compat.proto.tensor_shape_pb2 import TensorShapeProto
from tensorboard.summary.writer.event_file_writer import EventFileWriter
from tensorboard.util.tensor_util import make_tensor_proto

FLOAT, DOUBLE = 1, 2


def shape(*sizes):
    return TensorShapeProto(dim=[TensorShapeProto.Dim(size=size) for size in sizes])


folder = tempfile.mkdtemp()
writer = EventFileWriter(folder)


def add(step, *values):
    writer.add_event(Event(wall_time=1.0e9 + step, step=step, summary=Summary(value=values)))


Value = Summary.Value
hparams = SummaryMetadata(plugin_data=SummaryMetadata.PluginData(plugin_name="hparams", content=b"\x12\x00"))
add(0, Value(tag="_hparams_/session_start_info", metadata=hparams, tensor=TensorProto(dtype=FLOAT, tensor_shape=shape(0))))
add(1, Value(tag="loss", simple_value=1.5), Value(tag="accuracy", simple_value=0.25))
add(2, Value(tag="loss", tensor=make_tensor_proto(numpy.float32(0.75))), Value(tag="accuracy", tensor=make_tensor_proto(numpy.float64(0.1))))
add(3, Value(tag="loss", tensor=TensorProto(dtype=FLOAT, float_val=[0.5])), Value(tag="accuracy", tensor=TensorProto(dtype=DOUBLE, double_val=[0.2])))
add(4, Value(tag="loss", tensor=TensorProto(dtype=FLOAT, tensor_shape=shape(1), tensor_content=struct.pack("<f", 0.125))))
add(5, Value(tag="loss", tensor=TensorProto(dtype=DOUBLE, tensor_shape=shape(), tensor_content=struct.pack("<d", 0.3))))
add(6, Value(tag="loss", simple_value=float("nan")), Value(tag="large", simple_value=float("inf")), Value(tag="small", simple_value=-float("inf")))
add(7, Value(tag="histogram", tensor=make_tensor_proto(numpy.zeros((3, 3)))), Value(tag="filled", tensor=TensorProto(
    dtype=FLOAT, tensor_shape=shape(2), float_val=[1])))
add(8, Value(tag="text", tensor=make_tensor_proto("a text")), Value(tag="picture", image=Summary.Image(height=1, width=1, encoded_image_string=b"PNG")))
add(1 << 40, Value(tag="train/loss", simple_value=2))
writer.close()

file, = glob.glob(folder + "/events.out.tfevents.*")
shutil.copy(file, os.path.join(os.path.dirname(os.path.abspath(__file__)), "events.out.tfevents.example"))
shutil.rmtree(folder)
