from holdfast import Filesystem

filesystem = Filesystem.create('my-volume', '5gb')
filesystem.write('/data/hello.txt', 'Hello', user='root')
content = filesystem.read('/data/hello.txt')
files = filesystem.list('/data')
filesystem.delete('/data/hello.txt')

assert content == 'Hello'
assert [file.name for file in filesystem.list('/data')] == []
filesystem.write('/data/again.txt', 'x')
assert [(file.name, file.type, file.size) for file in files] == [('again.txt', 'file', 1)]
assert [info.name for info in Filesystem.list()] == ['my-volume']
Filesystem.delete(filesystem.id)
print("ok")
