using ConvTransfer.Core;
using ConvTransfer.Graphs;
using ConvTransfer.Onnx.Protobuf;
using Google.Protobuf;

namespace ConvTransfer.Onnx;

/// <summary>Reads and writes ONNX model files (ONNX 1.23, IR 3 to 13). Reading changes nothing: an untouched model is written as the same message.</summary>
public static class OnnxFile
{
    /// <summary>Reads a model file; external data is looked for in its folder.</summary>
    /// <exception cref="ConvTransferException">The file cannot be read, or is no valid model; the exception lists every structural problem.</exception>
    public static Model Read(string path, Limits? limits = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        limits ??= Limits.Default;
        byte[] bytes = WholeFile.Read(path, "an ONNX model", FailureCause.ModelFormat, limits.MemoryBytes);
        return Read(bytes, path, limits, new ExternalFolder(path, limits));
    }

    /// <summary>Reads a model from memory. A model with external data needs its folder, and is refused.</summary>
    /// <param name="bytes">The content of a model file.</param>
    /// <param name="name">A name for messages, or null.</param>
    /// <param name="limits">The limits; null for the default ones.</param>
    /// <exception cref="ConvTransferException">The bytes are no valid model; the exception lists every structural problem.</exception>
    public static Model Read(ReadOnlyMemory<byte> bytes, string? name = null, Limits? limits = null) => Read(bytes.ToArray(), name, limits ?? Limits.Default, null);

    private static Model Read(byte[] bytes, string? file, Limits limits, ExternalFolder? external)
    {
        var proto = MessageParser.Parse(ModelProto.Parser, bytes, "an ONNX model", limits, file);
        var problems = new ProblemList();
        var model = new ModelReader(problems, limits, external).Read(proto, file);
        problems.ThrowIfErrors(file);
        return model;
    }

    /// <summary>Writes a model file; the target is either the whole new file or as it was. External data is written into the file.</summary>
    /// <exception cref="ConvTransferException">The file cannot be written, or would be larger than the 2 GiB that protobuf allows.</exception>
    public static void Write(Model model, string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        var proto = Message(model, embedExternal: HasExternal(model.Graph), path);
        DurableFile.Save(path, stream => proto.WriteTo(stream));
    }

    /// <summary>The bytes of a model file. References to external data stay references where the tensor was not changed.</summary>
    /// <exception cref="ConvTransferException">The file would be larger than the 2 GiB that protobuf allows.</exception>
    public static byte[] ToBytes(Model model) => Message(model, embedExternal: false, model?.File).ToByteArray();

    private static ModelProto Message(Model model, bool embedExternal, string? file)
    {
        ArgumentNullException.ThrowIfNull(model);
        long data = model.Graph.Initializers.Sum(t => (long)t.Bytes.Length);
        // The sum of the data first: the size of the message is computed in 32 bits and would wrap.
        if (data > int.MaxValue - (1 << 24)) throw new ConvTransferException(FailureCause.Output, $"the initializers hold {data} bytes; a single ONNX file holds less than 2 GiB", file);
        var proto = new ModelWriter(embedExternal).Write(model);
        if (proto.CalculateSize() < 0) throw new ConvTransferException(FailureCause.Output, "the file would be larger than 2 GiB", file);
        return proto;
    }

    private static bool HasExternal(Graph graph) =>
        graph.Initializers.Any(t => t.Origin is Origin<TensorProto, TensorData> { Message.DataLocation: TensorProto.Types.DataLocation.External })
        || graph.Nodes.Any(n => n.Attributes.Any(a => a.Value is AttributeValue.Tensor { Value.Origin: Origin<TensorProto, TensorData> { Message.DataLocation: TensorProto.Types.DataLocation.External } } || (a.Value is AttributeValue.Subgraph s && HasExternal(s.Value))));
}
