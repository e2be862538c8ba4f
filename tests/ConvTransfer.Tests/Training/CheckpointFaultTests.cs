using System.Security.Cryptography;
using ConvTransfer.Core;
using ConvTransfer.Tests.Common;
using ConvTransfer.Training;

namespace ConvTransfer.Tests.Training;

/// <summary>What is wrong with a checkpoint, or with its folder, is told and never believed.</summary>
public sealed class CheckpointFaultTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly List<string> _warnings = [];

    private TrainerOptions How => new() { CheckpointFolder = _folder.Root, Resume = true, Warn = _warnings.Add };

    private string Newest => _folder.Path("checkpoint-3");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void TwoCheckpointsStay()
    {
        Train();
        Assert.Equal(["checkpoint-2", "checkpoint-3"], _folder.Names());
        Assert.Contains("no checkpoint", Assert.Single(_warnings), StringComparison.Ordinal);
    }

    // A checkpoint of another machine or another version of the program is gone on from, and its last bits are not promised.
    [Theory]
    [InlineData(true, "with other instructions")]
    [InlineData(false, "by another version of this program")]
    public void OtherArithmeticIsWarnedAbout(bool isMachine, string said)
    {
        var expected = Train();
        var checkpoint = CheckpointFile.Read(Newest);
        var fingerprint = isMachine ? checkpoint.Fingerprint with { InstructionSet = "other" } : checkpoint.Fingerprint with { Kernels = "other" };
        DurableFile.Save(Newest, stream => CheckpointFile.Write(stream, checkpoint with { Fingerprint = fingerprint }));
        _warnings.Clear();
        Assert.Equal(expected, Train());
        Assert.Contains(said, Assert.Single(_warnings), StringComparison.Ordinal);
    }

    [Fact]
    public void EveryDamageIsFound()
    {
        Train();
        byte[] whole = File.ReadAllBytes(Newest);
        for (int part = 0; part < 64; part++) AssertDamaged(whole[..(whole.Length * part / 64)]);
        for (int i = 0; i < 600; i++) AssertDamaged([.. whole[..i], (byte)(whole[i] ^ (1 << (i % 8))), .. whole[(i + 1)..]]);
        AssertDamaged([.. whole[..^100], .. new byte[100]]);
        AssertDamaged([.. whole, 0]);
        AssertDamaged(new byte[whole.Length]);
    }

    [Fact]
    public void ADamagedCheckpointFallsBackToTheOneBefore()
    {
        var expected = Train();
        byte[] whole = File.ReadAllBytes(Newest);
        File.WriteAllBytes(Newest, whole[..^7]);
        File.WriteAllBytes(_folder.Path($".checkpoint-4.0{DurableFile.TemporarySuffix}"), [1, 2, 3]);
        _warnings.Clear();
        Assert.Equal(expected, Train());
        Assert.Contains("goes on from checkpoint-2", Assert.Single(_warnings), StringComparison.Ordinal);
        Assert.Equal(["checkpoint-2", "checkpoint-4"], _folder.Names());
        foreach (string name in (string[])["checkpoint-2", "checkpoint-4"]) File.WriteAllBytes(_folder.Path(name), []);
        Assert.Contains("damaged", Assert.Throws<ConvTransferException>(() => Train()).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(8, 99, "version 99")]
    [InlineData(8, -1, "damaged")]
    [InlineData(12, int.MaxValue, "damaged")]
    [InlineData(12, -5, "damaged")]
    [InlineData(12, 40, "damaged")]
    public void AForgedNumberIsRefused(int at, int value, string expected)
    {
        Train();
        byte[] bytes = File.ReadAllBytes(Newest);
        BitConverter.TryWriteBytes(bytes.AsSpan(at), value);
        Assert.Contains(expected, Refused(bytes).Message, StringComparison.Ordinal);
        if (value == 99) Assert.Contains("version 99", Assert.Throws<ConvTransferException>(() => Train()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ForgedLengthsAreRefusedBeforeMemoryIsTaken()
    {
        Train();
        byte[] bytes = File.ReadAllBytes(Newest);
        int at = bytes.AsSpan().IndexOf("\"weights\":[135,"u8);
        Assert.True(at > 0);
        foreach (string text in (string[])["999", "-35", "1e9", "\"a\"", "[1]"])
        {
            byte[] forged = [.. bytes];
            System.Text.Encoding.ASCII.GetBytes(text.PadRight(3)[..3]).CopyTo(forged, at + 11);
            Assert.Contains("damaged", Refused(forged).Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void ASecondTrainingIntoTheFolderIsRefused()
    {
        using var first = new CheckpointFolder(_folder.Root, _warnings.Add);
        Assert.Contains("another run", Assert.Throws<ConvTransferException>(() => Train()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AFailedSaveIsWarnedAboutAndTriedAgain()
    {
        var expected = Train();
        File.Delete(Newest);
        File.Delete(_folder.Path("checkpoint-2"));
        Directory.CreateDirectory(_folder.Path("checkpoint-1"));
        _warnings.Clear();
        Assert.Equal(expected, Train());
        // One for each epoch, and their number at the end.
        Assert.Equal(4, _warnings.Count(w => w.Contains("could not be saved", StringComparison.Ordinal)));
        Assert.StartsWith("3 checkpoints", _warnings[^1], StringComparison.Ordinal);
        Directory.Delete(_folder.Path("checkpoint-1"));
        Assert.Equal(expected, Train());
        Assert.Equal(["checkpoint-2", "checkpoint-3"], _folder.Names());
    }

    private byte[] Train() => SmallTraining.Bytes(SmallTraining.Run(SmallTraining.Options, How).Network);

    private ConvTransferException Refused(byte[] bytes)
    {
        SHA256.HashData(bytes.AsSpan(..^32)).CopyTo(bytes, bytes.Length - 32);
        File.WriteAllBytes(Newest, bytes);
        return Assert.Throws<ConvTransferException>(() => CheckpointFile.Read(Newest));
    }

    private void AssertDamaged(byte[] bytes)
    {
        File.WriteAllBytes(Newest, bytes);
        var failure = Assert.Throws<ConvTransferException>(() => CheckpointFile.Read(Newest));
        Assert.Equal(FailureCause.Checkpoint, failure.Cause);
        Assert.Contains("damaged", failure.Message, StringComparison.Ordinal);
    }
}
