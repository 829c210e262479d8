#pragma once
/// The formats' judges, as scan/formats.cpp lists them: `looks_like_X` tells by content alone and reads little,
/// `judge_X` reports what loading would do. None of them runs anything or fails: what cannot be read is reported.
/// Thread rule: as Context.

#include "scan/judge.h"

namespace bartizan::scan {

bool looks_like_program(Bytes content);
void judge_program(Bytes content, Context& context);
bool looks_like_media(Bytes content);
void judge_media(Bytes content, Context& context);

bool looks_like_seven_zip(Bytes content);
void judge_seven_zip(Bytes content, Context& context);
bool looks_like_zip(Bytes content);
void judge_zip(Bytes content, Context& context);
bool looks_like_tar(Bytes content);
void judge_tar(Bytes content, Context& context);
bool looks_like_gzip(Bytes content);
void judge_gzip(Bytes content, Context& context);
bool looks_like_zlib(Bytes content);
void judge_zlib(Bytes content, Context& context);
bool looks_like_zfile(Bytes content);
void judge_zfile(Bytes content, Context& context);
bool looks_like_filtered(Bytes content);
void judge_filtered(Bytes content, Context& context);

bool looks_like_xml(Bytes content);
void judge_xml(Bytes content, Context& context);
bool looks_like_json(Bytes content);
void judge_json(Bytes content, Context& context);
bool looks_like_text(Bytes content);
void judge_text(Bytes content, Context& context);
bool looks_like_safetensors(Bytes content);
void judge_safetensors(Bytes content, Context& context);
bool looks_like_gguf(Bytes content);
void judge_gguf(Bytes content, Context& context);
bool looks_like_onnx(Bytes content);
void judge_onnx(Bytes content, Context& context);
bool looks_like_onnx_tensor(Bytes content);
void judge_onnx_tensor(Bytes content, Context& context);
bool looks_like_tensorflow(Bytes content);
void judge_tensorflow(Bytes content, Context& context);
bool looks_like_hdf5(Bytes content);
void judge_hdf5(Bytes content, Context& context);
bool looks_like_npy(Bytes content);
void judge_npy(Bytes content, Context& context);
bool looks_like_torch_legacy(Bytes content);
void judge_torch_legacy(Bytes content, Context& context);
bool looks_like_sentencepiece(Bytes content);
void judge_sentencepiece(Bytes content, Context& context);
bool looks_like_coreml(Bytes content);
void judge_coreml(Bytes content, Context& context);
bool looks_like_opaque(Bytes content);
void judge_opaque(Bytes content, Context& context);
bool looks_like_tflite(Bytes content);
void judge_tflite(Bytes content, Context& context);
bool looks_like_msgpack(Bytes content);
void judge_msgpack(Bytes content, Context& context);

/// What no format matches: searched for hidden streams.
void judge_unknown(Bytes content, Context& context);

}  // namespace bartizan::scan
