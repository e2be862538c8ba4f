using ConvTransfer.Core;
using ConvTransfer.Engine.Tensors;
using ConvTransfer.Graphs;
using ConvTransfer.Onnx;

namespace ConvTransfer.Tests.Onnx;

/// <summary>A model that no single file can hold is refused before anything is written.</summary>
public sealed class LargeFileTests
{
    [Fact]
    public void MoreThanTwoGibibytesAreRefusedBeforeWriting()
    {
        // Seventeen tensors that share one array: the sizes count, the memory does not.
        byte[] shared = new byte[1 << 27];
        var initializers = Enumerable.Range(0, 17).Select(i => new TensorData($"w{i}", ElementType.UInt8, [shared.Length], shared));
        var model = new Model(new Graph { Name = "large", Initializers = initializers.ToValueList() }) { IrVersion = 8, OpsetImports = [new OpsetImport("", 18)] };
        string path = Path.Combine(Path.GetTempPath(), $"convtransfer-{Guid.NewGuid():N}.onnx");
        var refused = Assert.Throws<ConvTransferException>(() => OnnxFile.Write(model, path));
        Assert.Equal(FailureCause.Output, refused.Cause);
        Assert.Contains("2 GiB", refused.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(path));
        Assert.Equal(FailureCause.Output, Assert.Throws<ConvTransferException>(() => OnnxFile.ToBytes(model)).Cause);
    }
}
