using ConvTransfer.Core;
using ConvTransfer.Engine.Tensors;
using ConvTransfer.Runtime.Caching;
using ConvTransfer.Tests.Common;

namespace ConvTransfer.Tests.Runtime;

public sealed class ActivationCacheTests
{
    private const long Roomy = 1 << 20;
    private static readonly ActivationScope One = new(ContentHash.Of([1]), "recipe", "set", "kernels"), Two = new(ContentHash.Of([2]), "recipe", "set", "kernels");

    [Theory]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(true, true)]
    public void WhatIsReadHasTheBitsThatWereWritten(bool memory, bool disk)
    {
        using var folder = new TemporaryFolder();
        using var cache = new ActivationCache(memory ? Roomy : 0, disk ? folder.Root : null);
        using Tensor first = Numbers(5, 1), second = Numbers(7, 2), none = new(ElementType.Float32, new Shape(0));
        first.AsSpan<float>()[0] = float.NaN;
        first.AsSpan<float>()[1] = -0f;
        using Tensor a = new(ElementType.Float32, new Shape(1, 5)), b = new(ElementType.Float32, new Shape(7)), c = new(ElementType.Float32, new Shape(2, 0));
        var key = One.Key(ContentHash.Of([9]));
        Assert.False(cache.TryRead(key, a, b, c));
        Assert.Empty(cache.Scopes);
        cache.Write(key, first, second, none);
        Assert.Equal([One.Hash], cache.Scopes);
        Assert.True(cache.TryRead(key, a, b, c));
        Assert.Equal(first.AsBytes().ToArray(), a.AsBytes().ToArray());
        Assert.Equal(second.AsBytes().ToArray(), b.AsBytes().ToArray());
        Assert.False(cache.TryRead(One.Key(ContentHash.Of([8])), a, b, c));
        Assert.False(cache.TryRead(Two.Key(ContentHash.Of([9])), a, b, c));
        var counters = cache.Counters;
        Assert.Equal((memory ? 1 : 0, memory ? 0 : 1, 3, 0), (counters.MemoryHits, counters.DiskHits, counters.Misses, counters.Damaged));
        Assert.Equal(memory, counters.MemoryBytes > 0);
        Assert.Equal(disk ? FolderBytes(folder) : 0, counters.DiskBytes);
        Assert.Equal(disk, counters.DiskBytes > 0);
    }

    [Fact]
    public void FilesServeTheNextRunAndComeIntoMemory()
    {
        using var folder = new TemporaryFolder();
        using var tensor = Numbers(6, 3);
        using var to = new Tensor(ElementType.Float32, new Shape(6));
        var key = One.Key(ContentHash.Of([9]), 1, 2, 3);
        using (var cache = new ActivationCache(Roomy, folder.Root)) cache.Write(key, tensor);
        byte[] file = File.ReadAllBytes(Files(folder).Single());
        using (var cache = new ActivationCache(Roomy, folder.Root))
        {
            Assert.True(cache.TryRead(key, to));
            Assert.True(cache.TryRead(key, to));
            Assert.Equal((1, 1, 0), (cache.Counters.MemoryHits, cache.Counters.DiskHits, cache.Counters.Misses));
            Assert.Equal(tensor.AsBytes().ToArray(), to.AsBytes().ToArray());
        }
        // The same entry gives the same file.
        using var other = new TemporaryFolder();
        using (var cache = new ActivationCache(0, other.Path("new/cache"))) cache.Write(key, tensor);
        Assert.Equal(file, File.ReadAllBytes(Files(other).Single()));
    }

    [Fact]
    public void AFileWithAnyWrongByteCountsAsMissing()
    {
        using var folder = new TemporaryFolder();
        using var tensor = Numbers(3, 4);
        using var to = Numbers(3, 5);
        byte[] before = to.AsBytes().ToArray();
        var key = One.Key(ContentHash.Of([9]));
        using (var cache = new ActivationCache(0, folder.Root)) cache.Write(key, tensor);
        string path = Files(folder).Single();
        byte[] sound = File.ReadAllBytes(path);
        var faults = Enumerable.Range(0, sound.Length).Select(i => { byte[] bytes = [.. sound]; bytes[i] ^= 0x10; return bytes; })
            .Append(sound[..^1]).Append([.. sound, 0]).Append([]).Append(sound[..20]).ToArray();
        foreach (byte[] fault in faults)
        {
            File.WriteAllBytes(path, fault);
            var problems = new List<Problem>();
            using var cache = new ActivationCache(0, folder.Root, report: problems.Add);
            Assert.False(cache.TryRead(key, to));
            Assert.Equal(before, to.AsBytes().ToArray());
            Assert.False(File.Exists(path));
            Assert.True(Assert.Single(problems).IsWarning);
            Assert.Equal((1, 1, 0), (cache.Counters.Damaged, cache.Counters.Misses, cache.Counters.DiskBytes));
            cache.Write(key, tensor);
            Assert.Equal(sound, File.ReadAllBytes(path));
        }
    }

    // A sound file under another name is not taken for that entry.
    [Fact]
    public void AFileThatBelongsToAnotherKeyIsRefused()
    {
        using var folder = new TemporaryFolder();
        using Tensor tensor = Numbers(3, 4), to = Numbers(3, 5);
        ActivationKey key = One.Key(ContentHash.Of([9])), other = One.Key(ContentHash.Of([8]));
        using (var cache = new ActivationCache(0, folder.Root)) cache.Write(key, tensor);
        string path = Files(folder).Single();
        File.Move(path, Path.Combine(Path.GetDirectoryName(path)!, other.Entry + ".activations"));
        var problems = new List<Problem>();
        using var again = new ActivationCache(0, folder.Root, report: problems.Add);
        Assert.False(again.TryRead(other, to));
        Assert.False(again.TryRead(key, to));
        Assert.Contains("another key", Assert.Single(problems).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AFileThatSomebodyElseRemovedIsJustMissing()
    {
        using var folder = new TemporaryFolder();
        using Tensor tensor = Numbers(3, 4), to = Numbers(3, 5);
        var problems = new List<Problem>();
        using var cache = new ActivationCache(0, folder.Root, report: problems.Add);
        var key = One.Key(ContentHash.Of([9]));
        cache.Write(key, tensor);
        File.Delete(Files(folder).Single());
        Assert.False(cache.TryRead(key, to));
        Assert.Empty(problems);
        cache.Write(key, tensor);
        Assert.True(cache.TryRead(key, to));
    }

    [Fact]
    public void WhatAKilledProcessLeftIsRemovedAndTheRestIsLeftAlone()
    {
        using var folder = new TemporaryFolder();
        using var tensor = Numbers(3, 4);
        var key = One.Key(ContentHash.Of([9]));
        using (var cache = new ActivationCache(0, folder.Root)) cache.Write(key, tensor);
        string scope = Path.GetDirectoryName(Files(folder).Single())!, entry = key.Entry.ToString();
        string[] theirs = [folder.Path("notes.txt"), Path.Combine(scope, "notes.txt"), Path.Combine(scope, "notes.activations"), Path.Combine(scope, ".notes.convtransfer-tmp"), Path.Combine(folder.Root, "sub", entry + ".activations")];
        Directory.CreateDirectory(folder.Path("sub"));
        foreach (string path in theirs) File.WriteAllText(path, "");
        string left = Path.Combine(scope, $".{entry}.activations.0123456789abcdef0123456789abcdef{DurableFile.TemporarySuffix}");
        File.WriteAllText(left, "half");
        Directory.CreateDirectory(folder.Path(Two.Hash.ToString()));
        using var again = new ActivationCache(0, folder.Root, diskBytes: 0);
        Assert.Equal(theirs.Order(StringComparer.Ordinal), Files(folder).Order(StringComparer.Ordinal));
        Assert.False(Directory.Exists(folder.Path(Two.Hash.ToString())));
    }

    [Fact]
    public void AFolderThatIsALinkIsNotWrittenInto()
    {
        using var folder = new TemporaryFolder();
        using var outside = new TemporaryFolder();
        using var tensor = Numbers(3, 4);
        Directory.CreateSymbolicLink(folder.Path(One.Hash.ToString()), outside.Root);
        var problems = new List<Problem>();
        using var cache = new ActivationCache(0, folder.Root, report: problems.Add);
        cache.Write(One.Key(ContentHash.Of([9])), tensor);
        Assert.Empty(outside.Names());
        Assert.Contains("link", Assert.Single(problems).Message, StringComparison.Ordinal);
        Assert.Equal(0, cache.Counters.DiskBytes);
    }

    [Fact]
    public void WhatCannotBeWrittenIsSaidOnceAndKeptInMemoryOnly()
    {
        using var folder = new TemporaryFolder();
        using Tensor tensor = Numbers(3, 4), to = Numbers(3, 5);
        var problems = new List<Problem>();
        using var cache = new ActivationCache(Roomy, folder.Path("cache"), report: problems.Add);
        File.WriteAllText(folder.Path($"cache/{One.Hash}"), "in the way");
        for (byte i = 0; i < 3; i++) cache.Write(One.Key(ContentHash.Of([i])), tensor);
        Assert.Equal(FailureCause.Output, Assert.Single(problems).Cause);
        Assert.True(cache.TryRead(One.Key(ContentHash.Of([2])), to));
        Assert.Throws<ConvTransferException>(() => new ActivationCache(0, folder.Path($"cache/{One.Hash}")));
    }

    [Fact]
    public void WrongArgumentsAreRefused()
    {
        using var folder = new TemporaryFolder();
        using Tensor tensor = Numbers(3, 4), longer = Numbers(4, 4), integers = new(ElementType.Int32, new Shape(3));
        Assert.Throws<ArgumentOutOfRangeException>(() => new ActivationCache(-1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new ActivationCache(0, folder.Root, -1));
        var key = One.Key(ContentHash.Of([9]));
        foreach (long memory in new[] { 0, Roomy })
        {
            var cache = new ActivationCache(memory, folder.Root);
            cache.Write(key, tensor);
            Assert.Throws<ArgumentException>(() => cache.Write(key, integers));
            Assert.Throws<ArgumentException>(() => cache.TryRead(key, integers));
            Assert.Throws<ArgumentException>(() => cache.TryRead(key, longer));
            Assert.Throws<ArgumentException>(() => cache.TryRead(key, tensor, tensor));
            Assert.True(cache.TryRead(key, tensor));
            cache.Dispose();
            Assert.Throws<ObjectDisposedException>(() => cache.TryRead(key, tensor));
            Assert.Throws<ObjectDisposedException>(() => cache.Write(key, tensor));
        }
    }

    // Entries of 400 bytes and more, so that about ten fit.
    [Theory]
    [InlineData(10_000, 0)]
    [InlineData(0, 6_000)]
    [InlineData(3_000, 6_000)]
    public void TheLimitsHoldAndAScopeInUseMakesTheOtherGo(long memoryBytes, long diskBytes)
    {
        using var folder = new TemporaryFolder();
        using var cache = new ActivationCache(memoryBytes, folder.Root, diskBytes);
        int first = Epoch(cache, One, 40);
        Assert.InRange(first, 0, 0);
        int held = Epoch(cache, One, 40);
        Assert.InRange(held, 1, 39);
        // Going round and round keeps what is held.
        Assert.Equal(held, Epoch(cache, One, 40));
        for (int i = 0; i < 4; i++) Epoch(cache, Two, 40);
        // By now memory and disk may hold different ones.
        Assert.InRange(Epoch(cache, Two, 40), held - 1, held + 4);
        Assert.InRange(cache.Counters.MemoryBytes, 0, memoryBytes);
        Assert.InRange(cache.Counters.DiskBytes, 0, diskBytes);
        Assert.Equal(FolderBytes(folder), cache.Counters.DiskBytes);
    }

    [Fact]
    public void ALowerLimitAndAnotherScopeDropOldFiles()
    {
        using var folder = new TemporaryFolder();
        using (var cache = new ActivationCache(0, folder.Root)) Epoch(cache, One, 20);
        using (var cache = new ActivationCache(0, folder.Root, 6_000)) Assert.InRange(FolderBytes(folder), 1, 6_000);
        using (var cache = new ActivationCache(0, folder.Root, 6_000))
        {
            Epoch(cache, Two, 20);
            Assert.InRange(FolderBytes(folder), 1, 6_000);
            Assert.True(Epoch(cache, Two, 20) > 5);
        }
    }

    [Fact]
    public void ManyThreadsReadWhatBelongsToTheKey()
    {
        using var folder = new TemporaryFolder();
        using var cache = new ActivationCache(20_000, folder.Root, 20_000);
        int failures = 0, hits = 0;
        var threads = Enumerable.Range(0, 4).Select(t => new Thread(() =>
        {
            var random = new CounterRandom(t);
            for (int i = 0; i < 400; i++)
            {
                int number = random.Next(60);
                var key = (i < 200 ? One : Two).Key(ContentHash.Of([(byte)number]));
                using Tensor expected = Numbers(100 + number, number), to = new(ElementType.Float32, new Shape(100 + number));
                if (cache.TryRead(key, to))
                {
                    Interlocked.Increment(ref hits);
                    if (!to.AsBytes().SequenceEqual(expected.AsBytes())) Interlocked.Increment(ref failures);
                }
                else
                {
                    cache.Write(key, expected);
                }
            }
        })).ToArray();
        foreach (var thread in threads) thread.Start();
        foreach (var thread in threads) thread.Join();
        Assert.Equal(0, failures);
        Assert.True(hits > 100);
        Assert.InRange(cache.Counters.MemoryBytes, 1, 20_000);
        Assert.InRange(FolderBytes(folder), 1, 20_000);
        Assert.Equal(0, cache.Counters.Damaged);
        Assert.Equal(1600, cache.Counters.Hits + cache.Counters.Misses);
    }

    // Goes over pictures as training does; returns how many were there.
    private static int Epoch(ActivationCache cache, ActivationScope scope, int pictures)
    {
        int hits = 0;
        for (int i = 0; i < pictures; i++)
        {
            var key = scope.Key(ContentHash.Of([(byte)i]));
            using Tensor expected = Numbers(100, i), to = new(ElementType.Float32, new Shape(100));
            if (!cache.TryRead(key, to))
            {
                cache.Write(key, expected);
                continue;
            }
            hits++;
            Assert.Equal(expected.AsBytes().ToArray(), to.AsBytes().ToArray());
        }
        return hits;
    }

    private static Tensor Numbers(int count, long seed)
    {
        var tensor = new Tensor(ElementType.Float32, new Shape(count));
        var random = new CounterRandom(seed);
        foreach (ref float value in tensor.AsSpan<float>()) value = (float)random.NextNormal();
        return tensor;
    }

    private static string[] Files(TemporaryFolder folder) => Directory.GetFiles(folder.Root, "*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = 0 });

    private static long FolderBytes(TemporaryFolder folder) => Files(folder).Sum(f => new FileInfo(f).Length);
}
