//! Fuzzes `swergio_proto_fuzz::world`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| swergio_proto_fuzz::world(data));
