use super::*;
use std::io::Write;

#[test]
fn what_was_looked_at_of_a_damaged_file_stays_and_reading_on_is_an_error() {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::none());
    packed.write_all(b"{\"user\": 1}\n").unwrap();
    let packed = packed.finish().unwrap();
    let cut = Cursor::new(packed[..packed.len() - 8].to_vec());
    let mut input = Input::of_reader(Path::new("a.json.gz"), cut).unwrap();
    assert_eq!(input.peek(HEAD).unwrap(), b"{\"user\": 1}\n");
    let mut bytes = Vec::new();
    for _ in 0..2 {
        assert_eq!(input.fill(&mut bytes, HEAD).unwrap_err().code(), Code::Compression);
    }
    assert_eq!(bytes, b"{\"user\": 1}\n");
}
