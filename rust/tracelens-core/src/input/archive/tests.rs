use super::*;
use std::io::Cursor;

/// An archive of these files, in this order.
fn packed(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (name, content) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        builder.append_data(&mut header, name, *content).unwrap();
    }
    builder.into_inner().unwrap()
}

fn read(bytes: Vec<u8>, room: u64) -> Result<Vec<(String, Vec<u8>, bool)>> {
    Members::holding(Path::new("a.tar"), Box::new(Cursor::new(bytes)), room)
        .map(|member| {
            let member = member?;
            let (bytes, held) = match member.content {
                Content::Held(bytes) => (bytes, true),
                Content::Stream(mut reader) => {
                    let mut bytes = Vec::new();
                    reader.read_to_end(&mut bytes).map_err(|e| damaged(&member.path, &e))?;
                    (bytes, false)
                }
            };
            Ok((member.path.to_string_lossy().into_owned(), bytes, held))
        })
        .collect()
}

fn names(bytes: Vec<u8>, room: u64) -> Vec<String> {
    read(bytes, room).unwrap().into_iter().map(|(name, ..)| name).collect()
}

#[test]
fn members_come_in_the_order_of_their_names_and_hidden_ones_do_not() {
    let long = format!("log/{}/10.json", "x".repeat(200));
    let files: Vec<(&str, &[u8])> = vec![
        ("log/u10.json", b"ten"),
        ("log/.hidden.json", b"no"),
        ("log/.git/config", b"no"),
        ("log/u9.json", b""),
        (&long, &[7; 5000]),
        ("./log/a.json", b"a"),
    ];
    let found = read(packed(&files), HELD).unwrap();
    let expected = [
        ("a.tar/log/a.json".to_owned(), b"a".to_vec(), true),
        ("a.tar/log/u9.json".to_owned(), Vec::new(), true),
        ("a.tar/log/u10.json".to_owned(), b"ten".to_vec(), true),
        (format!("a.tar/{long}"), vec![7; 5000], true),
    ];
    assert_eq!(found, expected);
}

#[test]
fn what_cannot_be_held_comes_in_runs_and_large_members_as_they_stand() {
    let large = vec![1; 3000];
    let files: Vec<(&str, &[u8])> = vec![
        ("d", b"dddd"),
        ("c", b"cccc"),
        ("b", b"bbbb"),
        ("large", &large),
        ("z", b"z"),
        ("a", b"aaaa"),
    ];
    let bytes = packed(&files);
    assert_eq!(
        names(bytes.clone(), 1 << 20),
        ["a.tar/a", "a.tar/b", "a.tar/c", "a.tar/d", "a.tar/large", "a.tar/z"]
    );
    assert_eq!(
        names(bytes.clone(), 8),
        ["a.tar/c", "a.tar/d", "a.tar/b", "a.tar/large", "a.tar/a", "a.tar/z"]
    );
    let found = read(bytes.clone(), 8).unwrap();
    assert_eq!(found[3], ("a.tar/large".to_owned(), large, false));
    // What nobody reads of a large member is passed over.
    let members = Members::holding(Path::new("a.tar"), Box::new(Cursor::new(bytes)), 8);
    assert_eq!(members.flatten().count(), 6);
}

#[test]
fn directories_links_and_names_that_lead_out_do_no_harm() {
    let mut builder = tar::Builder::new(Vec::new());
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(tar::EntryType::Directory);
    header.set_size(0);
    builder.append_data(&mut header, "log", &[][..]).unwrap();
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(tar::EntryType::Symlink);
    header.set_size(0);
    builder.append_link(&mut header, "log/link", "/etc/passwd").unwrap();
    let mut header = tar::Header::new_ustar();
    header.as_old_mut().name[..11].copy_from_slice(b"../out.json");
    header.set_size(2);
    header.set_cksum();
    builder.append(&header, &b"{}"[..]).unwrap();
    builder
        .append_pax_extensions([("path", b"log/pax.json".as_slice())])
        .unwrap();
    let mut header = tar::Header::new_ustar();
    header.set_path("short").unwrap();
    header.set_size(3);
    header.set_cksum();
    builder.append(&header, &b"pax"[..]).unwrap();
    let found = names(builder.into_inner().unwrap(), HELD);
    assert_eq!(found, ["a.tar/../out.json", "a.tar/log/pax.json"]);
}

#[test]
fn sparse_files_are_refused() {
    let mut builder = tar::Builder::new(Vec::new());
    builder
        .append_pax_extensions([("GNU.sparse.major", b"1".as_slice()), ("GNU.sparse.minor", b"0")])
        .unwrap();
    let mut header = tar::Header::new_ustar();
    header.set_path("holes.json").unwrap();
    header.set_size(0);
    header.set_cksum();
    builder.append(&header, &[][..]).unwrap();
    let said = read(builder.into_inner().unwrap(), HELD).unwrap_err().to_string();
    assert!(said.contains("holes.json is a sparse file"), "{said}");
}

#[test]
fn a_damaged_archive_is_an_error_that_names_the_member() {
    let bytes = packed(&[("one.json", &[b'1'; 600]), ("two.json", &[b'2'; 600])]);
    let error = |bytes: Vec<u8>| read(bytes, HELD).unwrap_err().to_string();
    for length in [1536, 1600, 2048, 2100, 3072] {
        let said = error(bytes[..length].to_vec());
        assert!(said.contains("TL207") && said.contains("a.tar"), "{length}: {said}");
    }
    assert!(
        error(bytes[..2300].to_vec()).contains("a.tar/two.json"),
        "in the middle of a member"
    );
    let mut broken = bytes.clone();
    broken[1536 + 100] ^= 1;
    assert!(error(broken).contains("checksum"));
    assert!(error(b"no archive at all".repeat(100)).contains("TL207"));
    assert!(error(Vec::new()).contains("TL207"));
    // Members before the fault were read.
    let members = Members::holding(Path::new("a.tar"), Box::new(Cursor::new(bytes[..2300].to_vec())), HELD);
    let found: Vec<bool> = members.map(|m| m.is_ok()).collect();
    assert_eq!(found, [true, false]);
}
