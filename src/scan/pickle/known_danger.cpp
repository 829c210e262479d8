/// Names whose call does harm, by what it does: drawn from the standard library of CPython 2.7 to 3.14, NumPy, PyTorch,
/// scikit-learn, pandas and packages that are often beside them, and from published advisories on pickle scanners.
/// A family ("os.*") is listed where it has no business in a model; what is inert in it stands in known_inert.cpp.
#include <array>

#include "scan/pickle/known.h"
#include "scan/rules.h"

namespace bartizan::scan::pickle {
namespace {

constexpr Entry harm(std::string_view rule, std::string_view what, Contract contract = Contract::none) {
    return {.stance = Stance::danger, .contract = contract, .rule = rule, .what = what};
}

constexpr Known kDanger[] = {
    {harm(rule::kRunsCode, "runs a command or reaches the operating system"), R"(
sh.Command streamlit.* gradio.* ray.init dask.* cmd.Cmd langchain.* __hello__.* __phello__.* os.* posix.* nt.*
posixpath.* ntpath.* subprocess.* _posixsubprocess.* commands.* popen2.* pty.* _winapi.* winreg.* _winreg.* msvcrt.*
platform.popen platform._syscmd_uname platform._syscmd_file platform._syscmd_ver platform._syscmd_processor
platform.architecture platform._Processor.* platform.libc_ver platform.os.* pipes.* asyncio.subprocess.*
asyncio.create_subprocess_exec asyncio.create_subprocess_shell asyncio.unix_events.* asyncio.windows_events.*
asyncio.base_subprocess.* asyncio.* uuid._get_command_stdout uuid._ifconfig_getter uuid._ip_getter uuid._arp_getter
uuid._lanscan_getter uuid._netstat_getter uuid._popen uuid._find_mac uuid._find_mac_near_keyword uuid._ipconfig_getter
uuid.getnode _osx_support.* _aix_support.* _bootsubprocess.* imaplib.IMAP4_stream imaplib.Imap4_stream mailcap.*
webbrowser.* antigravity.* pydoc.pipepager pydoc.tempfilepager pydoc.pager pydoc.* _pyrepl.* pexpect.* ptyprocess.*
plumbum.* fabric.* invoke.* paramiko.* envoy.* delegator.* multiprocessing.* _multiprocessing.* billiard.* loky.*
concurrent.futures.* distutils.* setuptools.* pkg_resources.* numpy.distutils.* ensurepip.* pip.* venv.* virtualenv.*
distlib.* wheel.* hatchling.* poetry.* conda.* getpass.* crypt.* test.* click.edit click.launch click.pager
click.termui.* click._termui_impl.* git.* GitPython.* docker.* kubernetes.* ansible.* salt.* execnet.* celery.* nox.*
tox.* gunicorn.* uvicorn.* notebook.* jupyter_client.* ipykernel.* nbconvert.* papermill.* sagemaker.* dvc.* kedro.*
luigi.* airflow.* prefect.* shlex.os.* psutil.Popen psutil.Process psutil.* sysconfig._init_posix pyautogui.*
pywintypes.* win32api.* win32com.* comtypes.* tkinter.* Tkinter.* turtle.* turtledemo.* curses.* twisted.* gevent.*
eventlet.* tornado.process.* vllm.utils.* accelerate.commands.* ttyd.* xonsh.* openpyxl.os.* torch._appdirs.*
matplotlib.texmanager.* matplotlib.testing.* matplotlib.animation.* graphviz.* PIL.ImageShow.* PIL.ImageGrab.*
PIL.EpsImagePlugin.* moviepy.* ffmpeg.* cv2.VideoWriter imageio_ffmpeg.* pydot.* pygit2.* nltk.internals.* nltk.app.*
nltk.downloader.* mlflow.projects.* spacy.cli.* ray.util.* google.colab.*)"},
    {harm(rule::kRunsCode, "runs code that it is given", Contract::none), R"(
builtins builtins.eval builtins.exec builtins.compile builtins.execfile builtins.input builtins.raw_input
builtins.breakpoint builtins.__build_class__ builtins.reload builtins.globals builtins.locals builtins.get
builtins.__getitem__ builtins.items builtins.values builtins.pop builtins.update builtins.setdefault builtins.copy
builtins.help builtins.credits builtins.license builtins.copyright code.* codeop.* pdb.* bdb.* profile.* cProfile.*
_lsprof.* hotshot.* trace.* timeit.* doctest.* runpy.* idlelib.* lib2to3.* this.* py_compile.* compileall.* zipapp.*
marshal.* types.CodeType types.FunctionType types.LambdaType types.MethodType types.ModuleType types.new_class
inspect.* rlcompleter.* readline.* cgitb.* cgi.* unittest.* nose.* pytest.* _pytest.* hypothesis.* hydra.utils.*
hydra._internal.* hydra.core.* torch.distributed.rpc.* torch.distributed.launcher.* torch.distributed.launch.*
torch.distributed.run.* torch.distributed.elastic.* torch.distributed.nn.jit.* torch.utils.data.datapipes.*
torch.cuda._sanitizer.* numba.core.* tensorflow.py_function test.support.* _testcapi.* _testinternalcapi.*
_testbuffer.* _testmultiphase.* _testlimitedcapi.* _testclinic.* _xxsubinterpreters.* _interpreters.*
_interpchannels.* _interpqueues.* _xxtestfuzz.* interpreters.* string.Formatter.* string.Formatter _string.*
typing._eval_type typing.get_type_hints typing.ForwardRef typing._ForwardRef typing.evaluate_forward_ref
annotationlib.* typing_extensions.get_type_hints typing_extensions.evaluate_forward_ref dataclasses._create_fn
dataclasses.make_dataclass dataclasses._FuncBuilder.* dataclasses._set_new_attribute collections.abc.Callable.*
ast.literal_eval.* symtable.* pyclbr.* modulefinder.* xmlrpc.* wsgiref.* bottle.* smtpd.* xdrlib.* IPython.* ipython.*
jinja2.* mako.* django.* werkzeug.* flask.* chameleon.* genshi.* tornado.* pyramid.* cherrypy.* sympy.sympify
sympy.parse_expr sympy.parsing.* sympy.core.sympify.* sympy.lambdify numexpr.* pandas.eval pandas.core.computation.*
pandas.core.frame.DataFrame.eval pandas.core.frame.DataFrame.query pandas.DataFrame.eval pandas.DataFrame.query
pandas.DataFrame.apply pandas.core.apply.* pandas.io.clipboard.* pandas.core.generic.NDFrame.pipe numpy.f2py.*
numpy.testing.* numpy.core.tests.* numpy.ma.testutils.* numpy.linalg.tests.* numpy.compat.py3k.*
numpy.lib.utils.safe_eval numpy.safe_eval numpy.lib.utils.source numpy.lib.utils.info numpy.vectorize numpy.frompyfunc
numpy.apply_along_axis numpy.apply_over_axes numpy.piecewise numpy.fromfunction numpy.lib.function_base.vectorize
numpy.lib._function_base_impl.vectorize numpy.core._internal._ctypes numpy.lib.index_tricks.*.eval
numpy.lib.shape_base.apply_along_axis numpy.core.numeric.fromfunction scipy._lib._testutils.* scipy.weave.*
scipy.LowLevelCallable scipy._lib._ccallback.* weave.* Cython.* cython.* pyximport.* llvmlite.*
jax.experimental.host_callback.* torch.utils.bottleneck.* torch._dynamo.* torch._inductor.* torch.fx.*
torch.utils.collect_env.* torch.jit.annotations.* torch.jit.frontend.* torch.jit.unsupported_tensor_ops.*
torch.jit._script.* torch.jit.load torch.jit._serialization.* torch.jit.CompilationUnit torch.jit.script
torch.jit.quantized.* torch.utils._config_module.* torch.utils.cpp_extension.* torch.utils._cpp_extension_versioner.*
torch.testing.* torch._C._jit_compile.* torch._C.PyTorchFileReader torch._C.import_ir_module
torch._C._jit_set_emit_hooks torch._C._import_ir_module_from_package torch._functorch.* functorch.* torch._export.*
torch.export.* torch.onnx.* torch.package.* torch._guards.* torch._higher_order_ops.*
torch.overrides.handle_torch_function torch.overrides.* torch._lazy.* torch._deploy.* torch.multiprocessing.*
torch.utils._python_dispatch.* torch.utils.model_dump.* torch.utils.throughput_benchmark.* torch.backends.xeon.*
torch.autograd.profiler.* torch.autograd.gradcheck.* torch._custom_op.* torch._custom_ops.* torch.library.*
torch.utils.backend_registration.* torch.utils.import_utils.* torch.utils.viz.* torch.utils.mobile_optimizer.*
torch.utils.hipify.* torch.utils._contextlib.* torch._vmap_internals.* torch.func.* torch._utils_internal.*
torch._compile.* torch.compile torch._jit_internal.* torch._weights_only_unpickler.* torch._utils._import_dotted_name
torch._utils._get_available_device_type torch.ao.ns.* torch.ao.quantization.fx.* torch.quantization.fx.*
torch.nn.modules.module.register_module_forward_hook torch.nn.modules.module._addindent.*
torch.nn.utils.prune.CustomFromMask.* torch.nn.utils.stateless.* torch.Tensor.apply_ torch.Tensor.map_
torch.Tensor.register_hook torch._tensor.Tensor.apply_ torch.nn.Module.apply torch.nn.modules.module.Module.apply
torch.nn.modules.module.Module.register_forward_hook sklearn.utils._testing.* sklearn.utils.estimator_checks.*
sklearn.utils._mocking.* sklearn.utils.parallel.* sklearn.utils.fixes.* sklearn.conftest.* sklearn.datasets.tests.*
sklearn.externals.* sklearn._build_utils.* sklearn.__check_build.* sklearn.utils._joblib.*
sklearn.utils._user_interface.* sklearn.utils._show_versions.* sklearn.utils.deprecation.* sklearn.show_versions
asteval.* simpleeval.* RestrictedPython.* restrictedpython.* pycparser.* js2py.* execjs.* py_mini_racer.* lupa.*
quickjs.* dukpy.* wasmtime.* pyduktape.* transformers.dynamic_module_utils.* transformers.tools.*
transformers.agents.* smolagents.* langchain_experimental.* llama_cpp.* autogen.* transformers.utils.hub.*
transformers.utils.import_utils.* transformers.commands.* transformers.testing_utils.*
transformers.trainer_utils.get_last_checkpoint torch_geometric.nn.conv.utils.inspector.* fastai.learner.load_learner
fire.* typer.* lightning.pytorch.cli.* pytorch_lightning.utilities.* pytorch_lightning.cli.* lightning_fabric.*
lightning_utilities.*)"},
    {harm(rule::kRunsCode, "imports a module, whose code runs", Contract::import_module), R"(
builtins.__import__ importlib.import_module importlib.__import__ importlib._bootstrap._gcd_import
importlib._bootstrap._find_and_load importlib._bootstrap.__import__ pkgutil.resolve_name pydoc.locate pydoc.safeimport
pydoc.importfile django.utils.module_loading.import_string werkzeug.utils.import_string
torch._dynamo.utils.import_submodule dill._dill.importlib logging.config._resolve unittest.mock._importer
mock.mock._importer zope.dottedname.resolve.resolve test.support.import_helper.import_module joblib._store_backends.*
numpy.compat.npy_load_module six._import_module six.moves.*)"},
    {harm(rule::kRunsCode, "loads modules or finds their loaders"), R"(
importlib.* imp.* pkgutil.* zipimport.* site.* sitecustomize.* usercustomize.* ihooks.* imputil.* import_ipynb.*
_imp.* pyximport.* torch.ops.load_library torch.ops.* torch._ops.* torch.classes.load_library torch.classes.*
torch._classes.* numpy.ctypeslib.* ctypes.* cffi.* _cffi_backend.* numpy.core._multiarray_tests.*
torch._C._load_for_lite_interpreter tensorflow.load_op_library torch.hub.* torch.utils.model_zoo.* cupy.RawModule
cupy.RawKernel torchvision.extension.* xgboost.core._load_lib lightgbm.libpath.* xgboost.libpath.* sqlite3.*
_sqlite3.* _ctypes_test.* jpype.* jnius.* clr.* pythonnet.* rpy2.* oct2py.* matlab.* frida.*)"},
    {harm(rule::kRunsCode, "unpickles other bytes or a file", Contract::load_pickle), R"(
tensorflow.keras.models.load_model pytorch_lightning.LightningModule.load_from_checkpoint
lightning.pytorch.LightningModule.load_from_checkpoint pydantic.parse_raw_as pickle.loads pickle._loads pickle.load
pickle._load pickle.Unpickler pickle._Unpickler dill.loads dill.load dill._dill.loads dill._dill.load
cloudpickle.loads cloudpickle.load cloudpickle.cloudpickle.loads mlflow.pyfunc.* joblib.* cloudpickle.* dill.*
dill._dill.* joblib.load joblib.numpy_pickle.load joblib.numpy_pickle._unpickle
joblib.numpy_pickle_compat.load_compatibility joblib.numpy_pickle_compat.* torch.load torch.serialization.load
torch.serialization._load torch.serialization._legacy_load torch.storage._load_from_bytes numpy.load
numpy.lib.npyio.load numpy.lib._npyio_impl.load numpy.core.multiarray.loads numpy.loads pandas.read_pickle
pandas.io.pickle.read_pickle pandas.compat.pickle_compat.loads pandas.compat.pickle_compat.load
pandas.compat.pickle_compat.* pandas.read_hdf marshal.loads marshal.load shelve.open shelve.* yaml.load
yaml.unsafe_load yaml.full_load yaml.load_all yaml.unsafe_load_all yaml.* ruamel.* jsonpickle.* hickle.* klepto.*
pickle5.* compress_pickle.* skops.io.load skops.* sklearn.externals.joblib.load lib2to3.pgen2.grammar.Grammar.loads
lib2to3.pgen2.grammar.Grammar.load multiprocessing.reduction.* multiprocessing.connection.* logging.config.listen
logging.handlers.* plistlib.loads plistlib.* numpy.lib.format.read_array
torch.package.package_importer.PackageImporter torch.distributed.rpc.internal.* torch.distributed.rpc.* srsly.*
pyarrow.deserialize diskcache.* cachetools.* zodbpickle.* kombu.* pylibmc.* memcache.*
sentence_transformers.SentenceTransformer gensim.utils.unpickle gensim.utils.SaveLoad.load spacy.load nltk.data.*
xgboost.Booster.load_model fastai.torch_core.* statsmodels.iolib.smpickle.load_pickle copyreg.pickle
copyreg.constructor keras.models.load_model torch.jit.load)"},
    {harm(rule::kTouchesFiles, "reads, writes or deletes files"), R"(
fsspec.open fsspec.core.* binhex.* uu.* openpyxl.load_workbook tables.open_file zarr.open toml.load tabnanny.*
pstats.* ossaudiodev.* omegaconf.OmegaConf.load nltk.download email.message_from_file builtins.open builtins.file
PIL.Image.open PIL.ImageShow.* PIL.ImageMath.* pandas.io.common.* pandas.io.sql.* pandas.io.html.* pandas.io.parsers.*
pandas.io.pytables.* pandas.io.formats.* tensorflow.io.* safetensors.torch.save_file h5py.File polars.read_csv
xml.sax.parse xml.dom.minidom.parse xml.etree.ElementTree.parse io.* codecs.open codecs.EncodedFile
codecs.StreamReaderWriter tokenize.open tokenize.* fileinput.* shutil.* tempfile.* glob.* linecache.* zipfile.*
tarfile.* gzip.open gzip.GzipFile gzip.* bz2.open bz2.BZ2File lzma.open lzma.LZMAFile dbm.* gdbm.* anydbm.* dumbdbm.*
whichdb.* mailbox.* argparse.FileType csv.DictWriter csv.writer netrc.* filecmp.* mmap.* logging.FileHandler
logging.basicConfig logging.config.* logging.handlers.* logging.fileConfig wave.* aifc.* sunau.* chunk.* sndhdr.*
imghdr.* audioop.* pathlib.Path.open pathlib.Path.write_text pathlib.Path.write_bytes pathlib.Path.read_text
pathlib.Path.read_bytes pathlib.Path.unlink pathlib.Path.rmdir pathlib.Path.touch pathlib.Path.mkdir
pathlib.Path.rename pathlib.Path.replace pathlib.Path.chmod pathlib.Path.symlink_to pathlib.Path.hardlink_to
pathlib.Path.link_to pathlib.Path.iterdir pathlib.Path.glob pathlib.Path.rglob pathlib.Path.copy pathlib.Path.move
pathlib.Path.walk pathlib.PosixPath.open pathlib.PosixPath.write_text pathlib.PosixPath.write_bytes
pathlib.PosixPath.read_text pathlib.PosixPath.read_bytes pathlib.PosixPath.unlink pathlib.PosixPath.rmdir
pathlib.PosixPath.touch pathlib.PosixPath.mkdir pathlib.PosixPath.rename pathlib.PosixPath.replace
pathlib.PosixPath.chmod pathlib.PosixPath.symlink_to pathlib.WindowsPath.write_text pathlib.WindowsPath.write_bytes
pathlib.WindowsPath.unlink pathlib.WindowsPath.open pathlib._Accessor.* pathlib._abc.* fcntl.* termios.* tty.* lzma.*
bz2.* zstandard.open zstd.* snappy.* lz4.frame.open py7zr.* rarfile.* patoolib.* numpy.save numpy.savez
numpy.savez_compressed numpy.savetxt numpy.loadtxt numpy.genfromtxt numpy.fromfile numpy.DataSource numpy.lib.npyio.*
numpy.lib._npyio_impl.* numpy.lib._datasource.* numpy.lib.format.* numpy.core.records.fromfile numpy.fromregex
numpy.ndarray.tofile numpy.ndarray.dump numpy.matrix.tofile numpy.core.multiarray.fromfile numpy.lib.npyio.NpzFile
array.array.tofile array.array.fromfile scipy.io.* scipy.sparse.save_npz scipy.sparse.load_npz scipy.datasets.*
torch.save torch.serialization.* torch.from_file torch.FloatStorage.from_file torch.storage.UntypedStorage.from_file
torch.UntypedStorage.from_file torch.UntypedStorage._new_shared_filename_cpu torch.UntypedStorage._new_with_file
torch.storage.UntypedStorage._new_with_file torch.FloatStorage._new_with_file torch.utils.tensorboard.*
torch.utils.file_baton.* torch._C.PyTorchFileWriter torch.Tensor.tofile tensorboard.* tensorboardX.* joblib.dump
joblib.Memory joblib.memory.* joblib.numpy_pickle.dump joblib.disk.* joblib.backports.* joblib.parallel.*
joblib._parallel_backends.* joblib.pool.* joblib.executor.* joblib.func_inspect.* joblib._memmapping_reducer.*
pickle.dump pickle.Pickler dill.dump cloudpickle.dump pandas.read_csv pandas.read_table pandas.read_json
pandas.read_xml pandas.read_html pandas.read_excel pandas.read_parquet pandas.read_feather pandas.read_orc
pandas.read_sql pandas.read_sql_query pandas.read_sql_table pandas.read_sas pandas.read_spss pandas.read_stata
pandas.read_fwf pandas.read_clipboard pandas.read_gbq pandas.ExcelFile pandas.ExcelWriter pandas.HDFStore
pandas.to_pickle pandas.DataFrame.to_csv pandas.core.frame.DataFrame.to_csv pandas.core.generic.NDFrame.to_csv
pandas.core.generic.NDFrame.to_pickle pandas.DataFrame.to_pickle pandas.core.frame.DataFrame.to_pickle dotenv.*
python_dotenv.* xlrd.* xlwt.* skimage.io.* cv2.imread cv2.imwrite cv2.* matplotlib.pyplot.* sklearn.datasets.*
xgboost.Booster.save_model smart_open.* appdirs.* platformdirs.* filelock.* portalocker.* watchdog.* send2trash.*
tomllib.load json.load json.dump safetensors.torch.load_file sentencepiece.SentencePieceProcessor.Load symtable.*
pyarrow.parquet.* fastparquet.* feather.*)"},
    {harm(rule::kTouchesNetwork, "opens a network connection or sends data"), R"(
redis.Redis pymongo.MongoClient torch.distributed.init_process_group socket.* ssl.* _ssl.* socketserver.* http.*
urllib.* urllib3.* ftplib.* smtplib.* telnetlib.* nntplib.* poplib.* imaplib.* asyncore.* asynchat.* select.*
selectors.* requests.* httpx.* aiohttp.* httplib2.* pycurl.* wget.* websocket.* websockets.* zmq.* boto3.* botocore.*
huggingface_hub.* datasets.load_dataset keras.utils.get_file tensorflow.keras.utils.get_file
transformers.AutoModel.from_pretrained transformers.AutoTokenizer.from_pretrained
transformers.AutoConfig.from_pretrained transformers.pipeline
transformers.modeling_utils.PreTrainedModel.from_pretrained transformers.models.auto.* transformers.file_utils.*
torchvision.models.utils.* torchvision.models._api.* timm.models.hub.* timm.models._hub.* timm.create_model
timm.models.create_model sentence_transformers.util.* nis.* spwd.* grp.* pwd.* syslog.* gopherlib.* rexec.* Bastion.*
dns.* scapy.* ldap3.* ldap.* psycopg2.* MySQLdb.* pymysql.* mysql.* cx_Oracle.* elasticsearch.* smbclient.* impacket.*
pysftp.* asyncssh.* grpc.* thrift.* Pyro4.* rpyc.* mechanize.* selenium.* playwright.* scrapy.* gdown.* kaggle.*
kagglehub.* clearml.* comet_ml.* neptune.*)"},
    {harm(rule::kTampersRuntime, "changes the interpreter or runs a call later"), R"(
decimal.setcontext locale.setlocale numba.jit dis.dis sys.* atexit.* gc.* weakref.finalize weakref.WeakMethod
weakref.ref.* sched.* threading.* _threading_local.* signal.* _signal.* contextlib.* contextvars.* warnings.*
_warnings.* faulthandler.* builtins.setattr builtins.delattr builtins.vars builtins.dir builtins.exit builtins.quit
builtins.__dict__ tracemalloc.* queue.Queue._init.* operator.setitem operator.delitem operator.__setitem__
operator.__delitem__ operator.iadd operator.ior operator.iconcat copyreg.remove_extension copyreg.dispatch_table
copyreg.clear_extension_cache copyreg._extension_registry copyreg._inverted_registry.* copyreg._extension_cache.*
picklescan.* fickling.* modelscan.* modelaudit.* saferpickle.* torch._weights_only_unpickler.*
torch.serialization.add_safe_globals torch.serialization._package_registry.* torch.serialization.register_package
torch.set_default_tensor_type torch.utils.rename_privateuse1_backend
torch.utils.generate_methods_for_privateuse1_backend unittest.mock.* wrapt.* forbiddenfruit.* gorilla.*
pkgutil._set_nested_type functools.cached_property functools.singledispatch functools.singledispatchmethod
functools.cmp_to_key functools.total_ordering functools.update_wrapper functools.wraps functools.lru_cache
functools.cache functools.partialmethod types.SimpleNamespace.__class__ enum.Enum._generate_next_value_
abc.ABCMeta.register logging.setLoggerClass logging.setLogRecordFactory logging.captureWarnings logging.addLevelName
random.seed numpy.set_string_function numpy.seterrcall numpy.core.multiarray.set_string_function
numpy.core.umath.seterrobj torch.autograd.set_multithreading_enabled torch.set_warn_always inspect.getattr_static
pickle.dispatch_table.* pickle.whichmodule pickle._getattribute pickle._extension_registry.* __main__.__builtins__.*)"},
    {harm(rule::kExhausts, "is made to exhaust or stop the process"), R"(
resource.* time.sleep faulthandler._sigsegv faulthandler._sigabrt faulthandler._read_null
faulthandler._fatal_error_c_thread operator.lshift operator.__lshift__ math.factorial math.perm math.comb signal.pause
signal.alarm signal.raise_signal ctypes.string_at numpy.core.multiarray.zeros.* _testcapi.raise_SIGINT_then_send_None)"},
    {{.stance = Stance::danger,
      .contract = Contract::add_extension,
      .rule = rule::kTampersRuntime,
      .what = "registers a name for a number, to import it unseen"},
     "copyreg.add_extension"},
};

}  // namespace

std::span<const Known> known_danger() { return kDanger; }

}  // namespace bartizan::scan::pickle
