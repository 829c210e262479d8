/// Names that the frameworks' own pickles contain, with the contract under which a call of them is inert: it builds
/// values and touches nothing else. The contract and the actions come from reading the function and the class's
/// __setstate__; what has not been read is not here.
#include "scan/pickle/known.h"

namespace bartizan::scan::pickle {
namespace {

constexpr Entry inert(Contract contract, int actions = kNothing) {
    return {.stance = Stance::inert, .contract = contract, .actions = static_cast<std::uint8_t>(actions)};
}
constexpr Entry device(Contract contract, int actions = kNothing) {
    return {.stance = Stance::device, .contract = contract, .actions = static_cast<std::uint8_t>(actions)};
}
constexpr Entry kFramework = {.stance = Stance::framework, .contract = Contract::class_only, .actions = kBuild};
constexpr Entry kNeutral = {.stance = Stance::neutral};

constexpr Known kInert[] = {
    // The language itself.
    {inert(Contract::values, kBuild), R"(
builtins.int builtins.float builtins.bool builtins.complex builtins.slice builtins.range builtins.NotImplementedType
builtins.Ellipsis builtins.ellipsis builtins.NoneType datetime.datetime datetime.date datetime.time datetime.timedelta
datetime.timezone datetime.timezone.utc decimal.Decimal fractions.Fraction uuid.UUID pathlib.PurePath
pathlib.PurePosixPath pathlib.PureWindowsPath pathlib.Path pathlib.PosixPath pathlib.WindowsPath ipaddress.IPv4Address
ipaddress.IPv6Address ipaddress.IPv4Network ipaddress.IPv6Network ipaddress.IPv4Interface ipaddress.IPv6Interface
time.struct_time re._compile re.compile array._array_reconstructor zoneinfo.ZoneInfo._unpickle pytz._UTC pytz._p
pytz.FixedOffset pytz._FixedOffset dateutil.tz.tz.tzutc dateutil.tz.tzutc operator.neg builtins.abs copyreg._slotnames
os.stat_result os.terminal_size os.times_result os.uname_result platform.uname_result sys.float_info sys.version_info
urllib.parse.ParseResult urllib.parse.SplitResult urllib.parse.ParseResultBytes urllib.parse.SplitResultBytes
inspect._ParameterKind inspect.FullArgSpec inspect._empty tokenize.TokenInfo logging.getLogger
collections._tuplegetter types.NoneType types.EllipsisType builtins.str http.HTTPStatus re.RegexFlag
types.GenericAlias decimal.Context statistics.NormalDist itertools.count builtins.NotImplemented)"},
    {inert(Contract::values, kBuild), R"(
collections.UserDict collections.UserList collections.UserString collections.ChainMap types.SimpleNamespace
argparse.Namespace random.Random builtins.BaseException builtins.Exception builtins.ValueError builtins.TypeError
builtins.KeyError builtins.IndexError builtins.RuntimeError builtins.AttributeError builtins.NotImplementedError
builtins.OSError builtins.ImportError builtins.StopIteration builtins.ArithmeticError builtins.ZeroDivisionError
builtins.AssertionError builtins.LookupError builtins.UnicodeDecodeError builtins.UnicodeEncodeError builtins.Warning
builtins.UserWarning builtins.DeprecationWarning builtins.FutureWarning builtins.RuntimeWarning
builtins.FileNotFoundError builtins.PermissionError builtins.TimeoutError builtins.EOFError builtins.MemoryError
builtins.OverflowError builtins.NameError builtins.SyntaxError builtins.SystemError builtins.RecursionError
builtins.ConnectionError builtins.ImportWarning contextlib.nullcontext contextlib.suppress string.Template
omegaconf.dictconfig.DictConfig omegaconf.listconfig.ListConfig omegaconf.base.ContainerMetadata
omegaconf.base.Metadata omegaconf.nodes.AnyNode inspect.Signature inspect.Parameter weakref.WeakKeyDictionary
weakref.WeakValueDictionary builtins.BufferError builtins.FloatingPointError builtins.IOError
builtins.EnvironmentError)"},
    {inert(Contract::values), "builtins.object"},
    {inert(Contract::fold_inert), "builtins.tuple builtins.list builtins.set builtins.frozenset builtins.dict"},
    {inert(Contract::values, kBuild | kSetItem),
     "collections.OrderedDict collections.Counter mappingproxy types.MappingProxyType"},
    {inert(Contract::values, kBuild | kAppend), "collections.deque array.array xml.etree.ElementTree.Element"},
    {inert(Contract::default_dict, kBuild | kSetItem), "collections.defaultdict"},
    {inert(Contract::bytes_like), "builtins.bytes builtins.bytearray"},
    {inert(Contract::encode), "_codecs.encode codecs.encode"},
    {inert(Contract::reconstructor, kBuild | kAppend | kSetItem), "copyreg._reconstructor"},
    {inert(Contract::new_object, kBuild | kAppend | kSetItem),
     "copyreg.__newobj__ copyreg.__newobj_ex__ builtins.object.__new__"},
    {kNeutral, R"(
builtins.super builtins.property builtins.classmethod builtins.staticmethod builtins.len builtins.print builtins.repr
builtins.sum builtins.min builtins.max builtins.zip builtins.enumerate builtins.hash builtins.id builtins.isinstance
builtins.issubclass builtins.callable builtins.round builtins.divmod builtins.hex builtins.oct builtins.bin
builtins.ord builtins.any builtins.all builtins.hasattr builtins.format builtins.ascii collections.* datetime.*
decimal.* fractions.* uuid.* pathlib.PurePath.* ipaddress.* re.* random.* enum.* numbers.* abc.* math.* cmath.*
statistics.* string.* copy.copy copy.deepcopy operator.* functools.* itertools.* types.* typing.* typing_extensions.*
json.* array.* struct.* zoneinfo.* time.* calendar.* bisect.* heapq.* textwrap.* difflib.* hashlib.* hmac.* base64.*
binascii.* zlib.* dataclasses.* copyreg.* codecs.* _codecs.* locale.* logging.* unicodedata.* html.* argparse.*
keyword.* token.* graphlib.* secrets.* colorsys.* queue.* email.* optparse.* getopt.* gettext.* pprint.* reprlib.*
weakref.* platform.* pytz.* dateutil.* attr.* attrs.* pydantic.* tqdm.* packaging.* numpy.* scipy.* pandas.*
omegaconf.* http.cookies.* http.cookiejar.* torch.nn.parallel.distributed.* torch_geometric.nn.* sklearn_crfsuite.*
configparser.* xml.etree.ElementTree.* builtins.dict.fromkeys mmengine.* mmcv.* statsmodels.* xgboost.* lightgbm.*
catboost.*)"},
    // Devices: what comes out is judged.
    {device(Contract::get_attribute), "builtins.getattr"},
    {device(Contract::attribute_getter), "operator.attrgetter"},
    {device(Contract::method_caller), "operator.methodcaller"},
    {device(Contract::item_getter), "operator.itemgetter"},
    {device(Contract::get_item),
     "operator.getitem builtins.dict.get builtins.dict.__getitem__ builtins.list.__getitem__ builtins.dict.pop"},
    {device(Contract::partial, kBuild), "functools.partial"},
    {device(Contract::map_calls), R"(
builtins.map builtins.filter itertools.starmap itertools.filterfalse itertools.takewhile itertools.dropwhile
itertools.groupby itertools.accumulate)"},
    {device(Contract::reduce_calls), "functools.reduce"},
    {device(Contract::apply_call), "operator.call operator.apply functools.partial.__call__"},
    {device(Contract::make_type), "builtins.type"},
    {device(Contract::fold), R"(
builtins.chr builtins.str.join builtins.str.format builtins.str.replace builtins.str.lower builtins.str.upper
builtins.str.strip builtins.str.encode builtins.str.__add__ builtins.bytes.decode builtins.bytes.fromhex
builtins.bytes.join builtins.bytes.__add__ builtins.bytearray.fromhex operator.add operator.concat operator.mod
base64.b64decode base64.standard_b64decode base64.urlsafe_b64decode base64.decodebytes base64.b16decode
binascii.a2b_base64 binascii.unhexlify binascii.a2b_hex zlib.decompress codecs.decode _codecs.decode codecs.getdecoder
builtins.reversed builtins.sorted builtins.iter builtins.next _codecs.utf_8_decode _codecs.latin_1_decode
builtins.str.__getitem__ builtins.str.split builtins.str.title builtins.str.capitalize builtins.str.swapcase
builtins.str.rstrip builtins.str.lstrip builtins.str.casefold)"},
    // NumPy.
    {inert(Contract::array_shell, kBuild), "numpy.core.multiarray._reconstruct numpy.ma.core._mareconstruct"},
    {inert(Contract::values, kBuild), R"(
numpy.core.multiarray.scalar numpy.core.numeric._frombuffer numpy.random._mt19937.MT19937 numpy.random._pcg64.PCG64
numpy.random._pcg64.PCG64DXSM numpy.random._philox.Philox numpy.random._sfc64.SFC64
numpy.random.bit_generator.SeedSequence numpy.random.bit_generator.__pyx_unpickle_SeedSequence
numpy.random.bit_generator.SeedlessSeedSequence numpy.poly1d numpy.lib.polynomial.poly1d
numpy.lib._polynomial_impl.poly1d numpy.polynomial.polynomial.Polynomial numpy.dtypes.Float64DType)"},
    {inert(Contract::unsigned_code, kBuild), "numpy.dtype numpy.core.multiarray.dtype"},
    {inert(Contract::named), "numpy.core._ufunc_reconstruct numpy.core.numerictypes._ufunc_reconstruct"},
    {inert(Contract::object, kBuild | kSetItem), R"(
numpy.memmap numpy.core.memmap.memmap numpy.ndarray numpy.matrix numpy.matrixlib.defmatrix.matrix numpy.recarray
numpy.rec.recarray numpy.core.records.recarray numpy.record numpy.core.records.record numpy.ma.core.MaskedArray
numpy.ma.MaskedArray numpy.chararray numpy.core.defchararray.chararray numpy.ma.core.MaskedConstant
numpy.char.chararray)"},
    {inert(Contract::values), R"(
numpy.float16 numpy.float32 numpy.float64 numpy.float_ numpy.double numpy.single numpy.half numpy.longdouble
numpy.int8 numpy.int16 numpy.int32 numpy.int64 numpy.int_ numpy.intc numpy.longlong numpy.uint8 numpy.uint16
numpy.uint32 numpy.uint64 numpy.uint numpy.bool_ numpy.bool numpy.str_ numpy.bytes_ numpy.unicode_ numpy.string_
numpy.void numpy.complex64 numpy.complex128 numpy.datetime64 numpy.timedelta64 numpy.object_ numpy.generic
numpy.number numpy.integer numpy.floating numpy.core.numerictypes.float64)"},
    {inert(Contract::generator, kBuild), R"(
numpy.random._pickle.__bit_generator_ctor numpy.random._pickle.__randomstate_ctor
numpy.random._pickle.__generator_ctor numpy.random.__RandomState_ctor numpy.random.mtrand.__randomstate_ctor
numpy.random._generator.Generator numpy.random.mtrand.RandomState)"},
    // PyTorch.
    {inert(Contract::tensor),
     "torch._utils._rebuild_tensor_v2 torch._utils._rebuild_tensor torch._utils._rebuild_tensor_v3"},
    {inert(Contract::tensor_parts, kBuild), R"(
torch._utils._rebuild_parameter torch._utils._rebuild_parameter_with_state torch._utils._rebuild_qtensor
torch._utils._rebuild_sparse_tensor torch._utils._rebuild_sparse_csr_tensor torch._utils._rebuild_nested_tensor
torch._utils._rebuild_meta_tensor_no_storage torch._utils._rebuild_device_tensor_from_numpy
torch._utils._rebuild_device_tensor_from_cpu_tensor torch._utils._rebuild_xla_tensor
torch._utils._rebuild_wrapper_subclass torch.nn.parameter.Parameter torch.nn.parameter.Buffer torch.Tensor
torch._tensor.Tensor)"},
    {inert(Contract::typed_tensor, kBuild),
     "torch._tensor._rebuild_from_type_v2 torch._tensor._rebuild_from_type torch.tensor._rebuild_from_type "
     "torch._utils._rebuild_from_type_v2"},
    {inert(Contract::values, kBuild), R"(
torch.Size torch.device torch.serialization._get_layout torch.serialization._get_dtype torch._C.Generator
torch.Generator torch.jit._pickle.build_intlist torch.jit._pickle.build_tensorlist torch.jit._pickle.build_doublelist
torch.jit._pickle.build_boollist torch.jit._pickle.build_tensor_from_id torch.jit._pickle.restore_type_tag
torch.distributions.utils.lazy_property torch.FloatStorage torch.DoubleStorage torch.HalfStorage torch.BFloat16Storage
torch.LongStorage torch.IntStorage torch.ShortStorage torch.CharStorage torch.ByteStorage torch.BoolStorage
torch.ComplexFloatStorage torch.ComplexDoubleStorage torch.QInt8Storage torch.QUInt8Storage torch.QInt32Storage
torch.QUInt4x2Storage torch.QUInt2x4Storage torch.storage.UntypedStorage torch.storage.TypedStorage
torch.storage._TypedStorage torch.storage._UntypedStorage torch.UntypedStorage torch.TypedStorage
torch._C.UntypedStorage torch.cuda.FloatStorage torch.cuda.HalfStorage torch.cuda.LongStorage torch.cuda.DoubleStorage
torch.cuda.IntStorage torch.cuda.ByteStorage torch.cuda.BFloat16Storage torch.cuda.BoolStorage torch.FloatTensor
torch.LongTensor torch.IntTensor torch.DoubleTensor torch.HalfTensor torch.ByteTensor torch.cuda.FloatTensor
torch.cuda.LongTensor torch.cuda.HalfTensor torch.float torch.float16 torch.float32 torch.float64 torch.bfloat16
torch.half torch.double torch.int torch.int8 torch.int16 torch.int32 torch.int64 torch.long torch.short torch.uint8
torch.uint16 torch.uint32 torch.uint64 torch.bool torch.complex32 torch.complex64 torch.complex128 torch.qint8
torch.quint8 torch.qint32 torch.float8_e4m3fn torch.float8_e5m2 torch.float8_e4m3fnuz torch.float8_e5m2fnuz
torch.strided torch.sparse_coo torch.sparse_csr torch.per_tensor_affine torch.per_channel_affine
torch.per_tensor_symmetric torch.per_channel_symmetric torch.contiguous_format torch.channels_last
torch.preserve_format torch.memory_format)"},
    {kFramework, R"(
torch.nn.* torch.optim.* torch.distributions.* torch.ao.nn.* torch.ao.quantization.* torch.quantization.*
torch.utils.data.dataset.TensorDataset torch.utils.data.dataset.Subset __torch__.* torch.cuda.amp.* torch.amp.*
torchvision.models.* torchvision.transforms.* torchvision.ops.* torchtext.vocab.* timm.models.* timm.layers.*
segmentation_models_pytorch.* efficientnet_pytorch.* ultralytics.nn.* ultralytics.utils.IterableSimpleNamespace
ultralytics.utils.loss.* ultralytics.yolo.utils.IterableSimpleNamespace pytorch_lightning.callbacks.*
lightning.pytorch.callbacks.* torchmetrics.* torch.utils.hooks.RemovableHandle transformers.models.*
transformers.configuration_utils.* transformers.tokenization_utils.* transformers.tokenization_utils_base.*
transformers.tokenization_utils_fast.* transformers.training_args.* transformers.trainer_utils.*
transformers.trainer_pt_utils.* transformers.training_args_seq2seq.* transformers.generation.*
transformers.modeling_utils.* transformers.integrations.* transformers.activations.* transformers.pytorch_utils.*
transformers.feature_extraction_utils.* transformers.image_processing_utils.* transformers.processing_utils.*
accelerate.state.* accelerate.utils.dataclasses.* tokenizers.* sentence_transformers.models.* peft.* bitsandbytes.nn.*
diffusers.models.* sklearn.* xgboost.sklearn.* xgboost.core.Booster xgboost.compat.* lightgbm.sklearn.*
lightgbm.basic.Booster lightgbm.callback.* lightgbm.compat.* catboost.core.CatBoost catboost.core.CatBoostClassifier
catboost.core.CatBoostRegressor catboost.core.CatBoostRanker torch_geometric.data.data.Data
deepspeed.runtime.fp16.loss_scaler.* deepspeed.runtime.zero.config.* scipy.sparse.* scipy.spatial.*
scipy.interpolate.* imblearn.* category_encoders.* hdbscan.* gensim.models.* gensim.corpora.* gensim.similarities.*
mlxtend.* feature_engine.* hmmlearn.* keras_preprocessing.* sklearn_pandas.* nltk.tokenize.* nltk.stem.*
nltk.probability.* numpy.random.* numpy.polynomial.* numpy.dtypes.* pandas.core.* pandas._libs.* pandas.tseries.*
joblib.numpy_pickle.NumpyArrayWrapper networkx.classes.* gym.spaces.* gymnasium.spaces.*)"},
    // scikit-learn, SciPy and their like: constructors that their own __reduce__ names.
    {inert(Contract::values, kBuild), R"(
sklearn.tree._tree.Tree sklearn.neighbors._kd_tree.newObj sklearn.neighbors._ball_tree.newObj
sklearn.metrics._dist_metrics.newObj sklearn.neighbors._dist_metrics.newObj sklearn.neighbors.kd_tree.newObj
sklearn.neighbors.ball_tree.newObj sklearn.neighbors.dist_metrics.newObj
sklearn._loss._loss.__pyx_unpickle_CyHalfBinomialLoss sklearn._loss._loss.__pyx_unpickle_CyHalfSquaredError
sklearn._loss._loss.__pyx_unpickle_CyHalfMultinomialLoss sklearn._loss._loss.__pyx_unpickle_CyAbsoluteError
sklearn._loss._loss.__pyx_unpickle_CyHalfPoissonLoss sklearn._loss._loss.__pyx_unpickle_CyPinballLoss
sklearn._loss._loss.__pyx_unpickle_CyHalfGammaLoss sklearn._loss._loss.__pyx_unpickle_CyHuberLoss
sklearn._loss._loss.__pyx_unpickle_CyExponentialLoss sklearn._loss._loss.CyHalfBinomialLoss
sklearn._loss._loss.CyHalfSquaredError sklearn._loss._loss.CyHalfMultinomialLoss sklearn._loss._loss.CyAbsoluteError
sklearn._loss._loss.CyHalfPoissonLoss sklearn._loss._loss.CyHalfGammaLoss sklearn._loss._loss.CyPinballLoss
sklearn._loss._loss.CyExponentialLoss sklearn._loss._loss.CyHuberLoss sklearn._loss._loss.CyHalfTweedieLoss
sklearn._loss._loss.CyHalfTweedieLossIdentity sklearn.linear_model._sgd_fast.Hinge sklearn.linear_model._sgd_fast.Log
sklearn.linear_model._sgd_fast.SquaredLoss sklearn.linear_model._sgd_fast.Huber
sklearn.linear_model._sgd_fast.EpsilonInsensitive sklearn.linear_model._sgd_fast.SquaredEpsilonInsensitive
sklearn.linear_model._sgd_fast.ModifiedHuber sklearn.linear_model._sgd_fast.SquaredHinge
sklearn.linear_model.sgd_fast.Hinge sklearn.linear_model.sgd_fast.Log sklearn.tree._criterion.Gini
sklearn.tree._criterion.Entropy sklearn.tree._criterion.MSE sklearn.tree._criterion.FriedmanMSE
sklearn.tree._splitter.BestSplitter sklearn.ensemble._hist_gradient_boosting.common.HistogramsPool
sklearn.metrics._dist_metrics.EuclideanDistance sklearn.utils._random.RandomState sklearn.utils.Bunch
sklearn.utils._bunch.Bunch sklearn.tree._utils.PriorityHeap scipy.sparse._csr.csr_matrix scipy.sparse._csc.csc_matrix
scipy.sparse._coo.coo_matrix scipy.sparse.csr.csr_matrix scipy.sparse.csc.csc_matrix scipy.sparse.csr_matrix
scipy.sparse.csc_matrix scipy.spatial._ckdtree.cKDTree scipy.spatial.ckdtree.cKDTree
scipy.interpolate._bsplines.BSpline scipy.spatial.transform._rotation.Rotation scipy.optimize._optimize.OptimizeResult
scipy.optimize.optimize.OptimizeResult)"},
    // pandas.
    {inert(Contract::values, kBuild), R"(
pandas._libs.internals._unpickle_block pandas._libs.tslibs.timestamps._unpickle_timestamp
pandas._libs.tslibs.timedeltas._timedelta_unpickle pandas._libs.tslibs.nattype.__nat_unpickle
pandas._libs.tslibs.nattype._nat_unpickle pandas._libs.tslibs.period._period_unpickle
pandas._libs.arrays.__pyx_unpickle_NDArrayBacked pandas._libs.internals.__pyx_unpickle_BlockManager
pandas._libs.missing.NAType pandas._libs.missing.C_NA pandas._libs.tslibs.timestamps.Timestamp
pandas._libs.tslibs.timedeltas.Timedelta pandas._libs.interval.Interval pandas._libs.internals.BlockPlacement
pandas.core.internals.managers.BlockManager pandas.core.internals.managers.SingleBlockManager
pandas.core.internals.blocks.new_block pandas.core.dtypes.dtypes.CategoricalDtype
pandas.core.dtypes.dtypes.DatetimeTZDtype pandas.core.dtypes.dtypes.PeriodDtype
pandas.core.dtypes.dtypes.IntervalDtype pandas.core.arrays.string_.StringDtype pandas.core.arrays.integer.Int64Dtype
pandas._libs.tslibs.offsets.Day pandas._libs.tslibs.offsets.Hour pandas._libs.tslibs.offsets.Minute
pandas._libs.tslibs.offsets.Second pandas._libs.tslibs.offsets.BusinessDay pandas._libs.tslibs.offsets.MonthEnd
pandas._libs.tslibs.offsets.MonthBegin pandas._libs.tslibs.offsets.BDay pandas.core.flags.Flags
pandas.core.indexes.frozen.FrozenList)"},
    {inert(Contract::class_and_values, kBuild), R"(
pandas.core.indexes.base._new_Index pandas.core.indexes.datetimes._new_DatetimeIndex
pandas.core.indexes.period._new_PeriodIndex pandas.core.indexes.interval._new_IntervalIndex
pandas.indexes.base._new_Index numpy.core._internal._reconstruct pandas.core.indexes.multi._new_MultiIndex)"},
    {{.stance = Stance::neutral, .contract = Contract::import_module},
     "cloudpickle.cloudpickle.subimport cloudpickle.subimport cloudpickle.cloudpickle.dynamic_subimport "
     "dill._dill._import_module"},
    // Functions by value: what is in them runs when they are called, not when they are made.
    {{.stance = Stance::neutral, .contract = Contract::function_parts, .actions = kBuild}, R"(
cloudpickle.cloudpickle._make_function cloudpickle.cloudpickle._make_skel_func cloudpickle.cloudpickle._fill_function
cloudpickle.cloudpickle._builtin_type cloudpickle.cloudpickle._make_empty_cell cloudpickle.cloudpickle._make_cell
cloudpickle.cloudpickle._make_skeleton_class cloudpickle.cloudpickle._make_skeleton_enum
cloudpickle.cloudpickle._function_setstate cloudpickle.cloudpickle._class_setstate cloudpickle.cloudpickle.instance
cloudpickle.cloudpickle._rehydrate_skeleton_class cloudpickle.cloudpickle._make_typevar
cloudpickle.cloudpickle._get_bases cloudpickle.cloudpickle._empty_cell_value cloudpickle.cloudpickle._make_dict_keys
cloudpickle.cloudpickle._make_dict_items cloudpickle.cloudpickle._make_dict_values cloudpickle._make_function
cloudpickle._builtin_type cloudpickle._make_empty_cell cloudpickle._make_skel_func dill._dill._create_function
dill._dill._create_code dill._dill._create_cell dill._dill._create_type dill._dill._load_type
dill._dill._create_namedtuple dill._dill._create_array dill._dill._get_attr dill._dill._create_dtypemeta
dill._dill._create_ufunc dill._dill._create_weakref dill._dill._create_lock dill._dill._create_rlock
dill._dill.CellType)"},
};

}  // namespace

std::span<const Known> known_inert() { return kInert; }

}  // namespace bartizan::scan::pickle
