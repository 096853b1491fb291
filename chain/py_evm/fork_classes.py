"""py-evm's class of each fork, ours where it has none: the source of opcodes and classic precompiles."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from eth.vm.forks.berlin.computation import BerlinComputation
from eth.vm.forks.byzantium.computation import ByzantiumComputation
from eth.vm.forks.cancun.computation import CancunComputation
from eth.vm.forks.constantinople.computation import ConstantinopleComputation
from eth.vm.forks.frontier.computation import FrontierComputation
from eth.vm.forks.homestead.computation import HomesteadComputation
from eth.vm.forks.istanbul.computation import IstanbulComputation
from eth.vm.forks.london.computation import LondonComputation
from eth.vm.forks.paris.computation import ParisComputation
from eth.vm.forks.petersburg.computation import PetersburgComputation
from eth.vm.forks.prague.computation import PragueComputation
from eth.vm.forks.shanghai.computation import ShanghaiComputation
from eth.vm.forks.spurious_dragon.computation import SpuriousDragonComputation
from eth.vm.forks.tangerine_whistle.computation import TangerineWhistleComputation

from chain.forks.fork import Fork
from chain.py_evm.osaka import OsakaComputation

FORK_CLASSES: Final[Mapping[Fork, Any]] = MappingProxyType(
    {
        Fork.FRONTIER: FrontierComputation,
        Fork.HOMESTEAD: HomesteadComputation,
        Fork.TANGERINE_WHISTLE: TangerineWhistleComputation,
        Fork.SPURIOUS_DRAGON: SpuriousDragonComputation,
        Fork.BYZANTIUM: ByzantiumComputation,
        Fork.CONSTANTINOPLE: ConstantinopleComputation,
        Fork.PETERSBURG: PetersburgComputation,
        Fork.ISTANBUL: IstanbulComputation,
        Fork.MUIR_GLACIER: IstanbulComputation,
        Fork.BERLIN: BerlinComputation,
        Fork.LONDON: LondonComputation,
        Fork.ARROW_GLACIER: LondonComputation,
        Fork.GRAY_GLACIER: LondonComputation,
        Fork.PARIS: ParisComputation,
        Fork.SHANGHAI: ShanghaiComputation,
        Fork.CANCUN: CancunComputation,
        Fork.PRAGUE: PragueComputation,
        Fork.OSAKA: OsakaComputation,
        Fork.BPO1: OsakaComputation,
        Fork.BPO2: OsakaComputation,
        Fork.BPO3: OsakaComputation,
        Fork.BPO4: OsakaComputation,
        Fork.BPO5: OsakaComputation,
    }
)
