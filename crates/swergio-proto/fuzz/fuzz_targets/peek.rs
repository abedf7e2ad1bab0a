//! Fuzzes `swergio_proto_fuzz::peek`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| swergio_proto_fuzz::peek(data));
