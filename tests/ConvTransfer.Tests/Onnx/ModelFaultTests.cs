using ConvTransfer.Core;
using ConvTransfer.Onnx;
using ConvTransfer.Tests.Common;

namespace ConvTransfer.Tests.Onnx;

/// <summary>The rows of the catalogue of bad input that the reader decides alone.</summary>
public sealed class ModelFaultTests
{
    /// <summary>The rows by number.</summary>
    public static TheoryData<string> ReaderRows =>
    [
        .. Enumerable.Range(0, 16).Concat([16, 17]).Concat(Enumerable.Range(36, 7)).Select(n => $"M{n:00}"),
        .. Enumerable.Range(0, 13).Select(n => $"X{n:00}"),
    ];

    [SharedTheory]
    [MemberData(nameof(ReaderRows))]
    public void ARowIsReadOrRefusedWithItsWords(string id)
    {
        var row = FaultTable.Row(id);
        string scratch = Path.Combine(Path.GetTempPath(), $"convtransfer-faults-{Guid.NewGuid():N}");
        try
        {
            string path = FaultTable.Prepare(row, scratch);
            var fault = Record.Exception(() => OnnxFile.Read(path));
            if (row.Wanted == "reject")
            {
                var refused = Assert.IsType<ConvTransferException>(fault);
                Assert.True(row.Matches(refused.Detail), $"{id}: '{refused.Detail}' lacks '{row.Words}'");
                Assert.True(refused.Message.Length < 4096);
                Assert.DoesNotContain(refused.Message, c => char.IsControl(c) && c != '\n');
            }
            else
            {
                Assert.Null(fault);
            }
        }
        finally
        {
            if (Directory.Exists(scratch)) Directory.Delete(scratch, recursive: true);
        }
    }
}
