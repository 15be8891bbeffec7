"""The processor's prefetch instruction for kernels: ask for a place in memory before it is needed, and go on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import numpy.typing as npt
from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

tools: Any = cgutils  # has no types
_READ, _KEEP, _DATA = 0, 3, 1  # of llvm.prefetch: to be read, soon again, not code


@intrinsic
def _fetch(_context: Any, _array: Any, _row: Any) -> Any:
    """Ask for the first bytes of a row of a C-contiguous array. Changes nothing, and no address can fault."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        kind = signature.args[0]
        array = context.make_array(kind)(context, builder, value=arguments[0])
        strides = tools.unpack_tuple(builder, array.strides, kind.ndim)
        address = builder.ptrtoint(array.data, ir.IntType(64))
        address = builder.add(address, builder.mul(arguments[1], strides[0]))
        pointer = ir.IntType(8).as_pointer()
        flag = ir.IntType(32)
        module = builder.module
        prefetch = tools.get_or_insert_function(
            module, ir.FunctionType(ir.VoidType(), [pointer, flag, flag, flag]), "llvm.prefetch.p0i8"
        )
        builder.call(prefetch, [builder.inttoptr(address, pointer), flag(_READ), flag(_KEEP), flag(_DATA)])
        return context.get_dummy_value()

    return types.none(_array, types.int64), generate


fetch = cast(Callable[[npt.NDArray[Any], int], None], _fetch)
