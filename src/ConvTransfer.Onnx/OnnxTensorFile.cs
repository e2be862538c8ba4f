using ConvTransfer.Core;
using ConvTransfer.Engine.Tensors;
using ConvTransfer.Graphs;
using ConvTransfer.Onnx.Protobuf;
using Google.Protobuf;

namespace ConvTransfer.Onnx;

/// <summary>Reads and writes a single tensor as a TensorProto file (.pb), as the ONNX test cases hold their inputs and outputs.</summary>
public static class OnnxTensorFile
{
    /// <summary>Reads a tensor with its name. The caller disposes the tensor.</summary>
    /// <exception cref="ConvTransferException">The file cannot be read, is no tensor, or is of a type that the engine does not compute with.</exception>
    public static (string Name, Tensor Tensor) Read(string path, Limits? limits = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        limits ??= Limits.Default;
        var proto = MessageParser.Parse(TensorProto.Parser, WholeFile.Read(path, "a tensor file", FailureCause.ModelFormat, limits.MemoryBytes), "a tensor file", limits, path);
        var problems = new ProblemList();
        var data = new TensorReader(problems, limits, new ExternalFolder(path, limits)).Read(proto, $"tensor '{DisplayText.Escape(proto.Name)}'");
        problems.ThrowIfErrors(path);
        try
        {
            return (data.Name, data.ToTensor());
        }
        catch (ConvTransferException e)
        {
            throw e.WithFile(path);
        }
    }

    /// <summary>Writes a tensor; the target is either the whole new file or as it was.</summary>
    /// <exception cref="ConvTransferException">The file cannot be written.</exception>
    public static void Write(string path, string name, Tensor tensor)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        var proto = new ModelWriter(embedExternal: false).WriteTensor(TensorData.From(name, tensor));
        DurableFile.Save(path, stream => proto.WriteTo(stream));
    }
}
