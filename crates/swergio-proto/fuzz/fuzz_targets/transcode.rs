//! Fuzzes `swergio_proto_fuzz::transcode_there_and_back`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| swergio_proto_fuzz::transcode_there_and_back(data));
